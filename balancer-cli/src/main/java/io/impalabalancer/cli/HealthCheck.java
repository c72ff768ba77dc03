package io.impalabalancer.cli;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;

/**
 * A program for containers, which have no {@code curl}: its exit status is 0 if a page answers 200,
 * else 1.
 */
final class HealthCheck {
  private static final int TIMEOUT_MILLIS = 4000;

  private HealthCheck() {}

  /** Asks once, and ends the process. The argument is the page's address. */
  public static void main(String[] arguments) {
    System.exit(isHealthy(arguments[0]) ? 0 : 1);
  }

  private static boolean isHealthy(String page) {
    try {
      HttpURLConnection connection = (HttpURLConnection) URI.create(page).toURL().openConnection();
      connection.setConnectTimeout(TIMEOUT_MILLIS);
      connection.setReadTimeout(TIMEOUT_MILLIS);
      int status = connection.getResponseCode();
      System.out.println(page + " answered " + status);
      return status == HttpURLConnection.HTTP_OK;
    } catch (IOException e) {
      System.out.println(page + ": " + e.getMessage());
      return false;
    }
  }
}
