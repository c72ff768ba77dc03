package io.impalabalancer.cli.convert;

/**
 * A value for a key of the result, and the line that says it.
 *
 * @param value as HOCON writes it
 */
record Setting(String value, Line line) {}
