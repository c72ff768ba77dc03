/** Listeners, sessions, pools, balance and the relay. */
@NullMarked
package io.impalabalancer.core;

import org.jspecify.annotations.NullMarked;
