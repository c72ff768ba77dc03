package io.impalabalancer.discovery;

import io.impalabalancer.config.CoordinatorConfig;
import java.net.URI;
import java.util.Optional;

/**
 * A coordinator as a source tells of it.
 *
 * @param coordinator where it is; the rest is the template's
 * @param web its web port, if the source knows it
 * @param source who told of it, for people
 */
public record Found(CoordinatorConfig coordinator, Optional<URI> web, String source) {

  /** Returns its name. */
  public String name() {
    return coordinator.name();
  }
}
