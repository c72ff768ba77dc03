/**
 * The web port: the stats page, the API, metrics and health, over HTTP/1.1 on an event loop that no
 * session uses.
 *
 * <p>{@code AdminServer} binds the port and bounds what clients may do; an {@code AdminHandler}
 * reads the requests of one connection, finds the {@code Route}, asks {@code Logins} who it is, and
 * has the {@code Page} made on a worker thread.
 */
@NullMarked
package io.impalabalancer.cli.web;

import org.jspecify.annotations.NullMarked;
