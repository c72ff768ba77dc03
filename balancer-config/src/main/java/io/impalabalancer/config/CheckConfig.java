package io.impalabalancer.config;

import java.time.Duration;

/**
 * How the health of coordinators is found out. Words and meanings are HAProxy's.
 *
 * @param path of an {@code http} check, begins with a slash
 * @param status the status that an {@code http} check expects, 100 to 599
 * @param inter between two checks of a coordinator that is surely UP
 * @param fastinter between two checks while its state is in transition
 * @param downinter between two checks of a coordinator that is surely DOWN
 * @param timeout for one check
 * @param rise good results in a row that make a coordinator UP
 * @param fall bad results in a row that make it DOWN
 * @param observe whether failed connects of real sessions count
 * @param observeLimit failed connects in a row after which {@code onError} happens
 * @param slowstart over which a coordinator that came UP gets its full weight; zero for none
 * @param web how {@code impala} and {@code http} checks reach the web ports
 * @param login how {@code impala} checks log in at client ports
 * @param verdict what follows from what an {@code impala} check reads
 */
public record CheckConfig(
    CheckKind type,
    String path,
    int status,
    Duration inter,
    Duration fastinter,
    Duration downinter,
    Duration timeout,
    int rise,
    int fall,
    boolean observe,
    int observeLimit,
    OnError onError,
    Duration slowstart,
    OnMarkedDown onMarkedDown,
    WebConfig web,
    LoginConfig login,
    VerdictConfig verdict) {}
