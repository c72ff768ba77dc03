/**
 * Coordinators that nobody declared. {@link io.impalabalancer.discovery.Discovery} asks a {@link
 * io.impalabalancer.discovery.Source} again and again which ones there are ({@link
 * io.impalabalancer.discovery.ClusterPages} the cluster's own web pages, {@link
 * io.impalabalancer.discovery.NameRecords} a name service), remembers what was found, and tells
 * when that is another set: whoever is told makes another configuration of it ({@link
 * io.impalabalancer.config.BalancerConfig#with}), to which the balancer goes over as to any other.
 */
@NullMarked
package io.impalabalancer.discovery;

import org.jspecify.annotations.NullMarked;
