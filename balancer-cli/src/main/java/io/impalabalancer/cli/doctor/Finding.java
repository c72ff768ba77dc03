package io.impalabalancer.cli.doctor;

import java.util.Comparator;

/**
 * One thing that is wrong.
 *
 * @param subject the coordinator, listener or key that it is about
 * @param found what is so, and what comes of it
 * @param change what to change: an Impala flag, a key of the configuration, or what to do
 */
record Finding(Severity severity, String subject, String found, String change) {

  /** The most harmful first; of the same harm in the order of their subjects. */
  static final Comparator<Finding> BY_HARM =
      Comparator.comparing(Finding::severity).thenComparing(Finding::subject);
}
