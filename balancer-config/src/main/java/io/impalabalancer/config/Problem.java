package io.impalabalancer.config;

/**
 * One thing that is wrong, or doubtful, in a configuration.
 *
 * @param place {@code file:line} as far as it is known, else the file
 * @param message what was found, what is expected, and the nearest known word
 */
public record Problem(String place, String message) {

  @Override
  public String toString() {
    return place + ": " + message;
  }
}
