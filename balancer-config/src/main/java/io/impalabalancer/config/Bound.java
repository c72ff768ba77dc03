package io.impalabalancer.config;

/**
 * An address that something listens on.
 *
 * @param owner the key that gives it, as messages name it
 */
record Bound(BindAddress address, String owner, Place place) {}
