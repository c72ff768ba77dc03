package io.impalabalancer.discovery;

import java.io.IOException;
import java.util.List;

/** Says which coordinators there are. Asked by one thread, which it may block. */
interface Source extends AutoCloseable {

  /**
   * What was said in one round.
   *
   * @param coordinators those there are, at least one; no two share a name, or a port of a host
   * @param problems what could not be known or was passed over, for people
   */
  record Answer(List<Found> coordinators, List<String> problems) {
    public Answer {
      coordinators = List.copyOf(coordinators);
      problems = List.copyOf(problems);
    }
  }

  /**
   * Asks.
   *
   * @param known what was found until now
   * @throws IOException if nobody said anything of use; for people
   */
  Answer ask(List<Found> known) throws IOException, InterruptedException;

  @Override
  void close();
}
