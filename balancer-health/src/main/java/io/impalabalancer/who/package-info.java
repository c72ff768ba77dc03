/**
 * Who is on a session: {@link io.impalabalancer.who.Whois} joins the balancer's own end of a
 * coordinator connection with what the coordinator's page says of its connections. Nothing that
 * clients and coordinators say to each other is looked at, so it works with Kerberos and TLS too.
 */
@NullMarked
package io.impalabalancer.who;

import org.jspecify.annotations.NullMarked;
