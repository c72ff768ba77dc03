/**
 * What a balancer shows of itself while it runs: numbers for Prometheus, the same in HAProxy's
 * form, and a line per session.
 *
 * <p>All listen to the balancer ({@link io.impalabalancer.core.BalancerListener}) and never touch a
 * session's way. {@link io.impalabalancer.metrics.BalancerMetrics} keeps the meters and renders a
 * {@link io.impalabalancer.metrics.Scrape}; serving it is the program's work. {@link
 * io.impalabalancer.metrics.SessionLog} takes ended sessions off the event loops through a bounded
 * queue, and its one thread formats and writes them. {@link io.impalabalancer.metrics.HaproxyStats}
 * makes the rows of HAProxy's {@code show stat}.
 */
@NullMarked
package io.impalabalancer.metrics;

import org.jspecify.annotations.NullMarked;
