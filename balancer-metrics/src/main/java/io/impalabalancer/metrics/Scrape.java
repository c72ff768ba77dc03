package io.impalabalancer.metrics;

/**
 * One rendering of all metrics.
 *
 * @param contentType what the {@code Content-Type} header of the answer has to say
 * @param text the body, to be sent as UTF-8
 */
public record Scrape(String contentType, String text) {}
