/** Tests of the core: mostly a whole balancer, driven through sockets. */
@NullMarked
package io.impalabalancer.core;

import org.jspecify.annotations.NullMarked;
