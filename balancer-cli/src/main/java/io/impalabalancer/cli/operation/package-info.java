/**
 * What operators have the whole process do, and what they see of it, whichever way they ask: over
 * the web port ({@link io.impalabalancer.cli.web}) or the runtime socket ({@link
 * io.impalabalancer.cli.runtime}).
 */
@NullMarked
package io.impalabalancer.cli.operation;

import org.jspecify.annotations.NullMarked;
