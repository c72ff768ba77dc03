/**
 * A real Apache HiveServer2 as a program of its own.
 *
 * <p>It speaks the Thrift service of an Impala coordinator's port 21050, so it is the nearest real
 * peer that a test machine can run. {@link io.impalabalancer.it.hiveserver2.HiveServer2Main} starts
 * it; the integration tests run that class in a process of its own, on a JDK 17 to 23.
 */
@NullMarked
package io.impalabalancer.it.hiveserver2;

import org.jspecify.annotations.NullMarked;
