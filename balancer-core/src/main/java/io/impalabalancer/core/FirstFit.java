package io.impalabalancer.core;

import org.jspecify.annotations.Nullable;

/** The first that has room, in the order declared: fills one before it uses the next. */
final class FirstFit implements Balance {

  @Override
  public @Nullable Member choose(Serving serving, Choice choice) {
    for (int i = 0; i < serving.size(); i++) {
      if (choice.admits(serving.coordinator(i))) {
        return serving.member(i);
      }
    }
    return null;
  }

  @Override
  public String rule(Serving serving, Choice choice) {
    return "the first in the order declared";
  }
}
