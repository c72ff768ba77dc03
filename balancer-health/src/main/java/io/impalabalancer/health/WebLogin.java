package io.impalabalancer.health;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Logs in to one web port. Lives on the event loop of its {@link WebClient}. */
interface WebLogin {

  /** No login. */
  WebLogin NONE =
      new WebLogin() {
        @Override
        public @Nullable String inAdvance(String path) {
          return null;
        }

        @Override
        public void answer(String path, List<String> challenges, Consumer<Answer> done) {
          done.accept(new Answer(null, "it wants a login, and check.web.auth is none"));
        }
      };

  /**
   * What a challenge is answered with.
   *
   * @param authorization value of the header, null if there is none
   * @param problem why there is none, for people
   */
  record Answer(@Nullable String authorization, String problem) {}

  /** Returns what can be sent before it is asked for, null if there is nothing. */
  @Nullable String inAdvance(String path);

  /**
   * Answers a challenge, at once or later, on the loop.
   *
   * @param challenges values of {@code WWW-Authenticate}
   */
  void answer(String path, List<String> challenges, Consumer<Answer> done);

  /** Takes it that what was answered to a challenge was refused. */
  default void refused() {}
}
