/**
 * HAProxy's configuration language in, this program's out.
 *
 * <p>{@link io.impalabalancer.cli.convert.Conversion} cuts files into {@code Line}s of words
 * ({@code Tokenizer}) and these into {@code Section}s. {@code GlobalReader} and {@code ProxyReader}
 * give each line its fate: carried over, without a meaning here, not supported. {@code Keywords}
 * has the answers that are the same wherever a keyword stands. {@code Listeners} joins frontends
 * and backends, {@code Coordinators} the servers of one host; {@code Checks} and {@code StatsPage}
 * make one of what each section may say for itself; {@code HoconWriter} writes it all down.
 */
@NullMarked
package io.impalabalancer.cli.convert;

import org.jspecify.annotations.NullMarked;
