package io.impalabalancer.metrics;

/**
 * What discovery adds up to.
 *
 * @param coordinators that are found now
 * @param problems of the last round
 * @param rounds that gave an answer
 * @param failures rounds that gave none
 * @param answeredMillis when the last answer came, since 1970; 0: never
 */
public record Discovered(
    int coordinators, int problems, long rounds, long failures, long answeredMillis) {}
