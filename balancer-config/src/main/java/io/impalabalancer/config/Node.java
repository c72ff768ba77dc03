package io.impalabalancer.config;

import java.util.List;

/** What a reader has met in the configuration, kept so that it can be printed again. */
sealed interface Node permits Value, Section, Node.Items {

  /** The elements of a list in the order declared. */
  record Items(List<? extends Node> elements) implements Node {}
}
