package io.impalabalancer.cli;

import io.impalabalancer.cli.operation.Count;
import io.impalabalancer.config.Problem;
import java.io.PrintWriter;
import java.util.List;

/** Prints problems of a configuration for people: numbered, one a line, then how many there are. */
final class ProblemList {

  private ProblemList() {}

  static void errors(PrintWriter out, List<Problem> problems) {
    print(out, "", problems);
    out.println(Count.of(problems.size(), "problem"));
  }

  static void warnings(PrintWriter out, List<Problem> warnings) {
    if (!warnings.isEmpty()) {
      print(out, "warning: ", warnings);
      out.println(Count.of(warnings.size(), "warning"));
    }
  }

  private static void print(PrintWriter out, String kind, List<Problem> problems) {
    int number = 1;
    for (Problem problem : problems) {
      out.println(number++ + ". " + problem.place() + ": " + kind + problem.message());
    }
  }
}
