package io.impalabalancer.config;

/**
 * A coordinator's place in one pool.
 *
 * @param coordinator the coordinator's name
 * @param weight 0 to 256; the coordinator's own weight unless the pool gives another
 * @param backup serves only while no other member is usable
 */
public record MemberConfig(String coordinator, int weight, boolean backup) {}
