package io.impalabalancer.config;

import java.time.Duration;

/**
 * What follows from a coordinator's own word.
 *
 * @param inter between two readings of its pages
 * @param portInter between two connects to a client port that nothing else proves
 * @param slotReserve service threads of each port that are left to others
 * @param setupQueue waiting connections at a port from which on it gets no new sessions
 * @param stallAfter without a first answer, {@link Timeouts#INFINITE} for never
 * @param staleAfter behind the newest catalog, {@link Timeouts#INFINITE} for never
 * @param memoryPercent of the memory limit, from which on it is strained
 * @param strainedPercent of its weight, left to one that is strained
 * @param restartSlowstart over which one that has started anew gets its full weight
 */
public record VerdictConfig(
    Duration inter,
    Duration portInter,
    int slotReserve,
    int setupQueue,
    Duration stallAfter,
    Duration staleAfter,
    int memoryPercent,
    int strainedPercent,
    Duration restartSlowstart) {}
