package io.impalabalancer.cli;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;

/**
 * The signals of the operating system. They are behind {@code sun.misc.Signal}, which every JDK has
 * and the compiler warns of without a way to say that it is meant; hence reflection.
 */
final class Signals {

  private Signals() {}

  /**
   * Has a signal call {@code action} from now on, on a thread of its own, instead of what it does
   * by default. Nothing happens on a system that has no such signal.
   *
   * @param name without SIG, such as {@code TERM}
   */
  static void handle(String name, Runnable action) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      InvocationHandler call =
          (proxy, method, arguments) -> {
            action.run();
            return null;
          };
      Object proxy =
          Proxy.newProxyInstance(Signals.class.getClassLoader(), new Class<?>[] {handler}, call);
      signal
          .getMethod("handle", signal, handler)
          .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
    } catch (ReflectiveOperationException e) {
      if (!(e.getCause() instanceof IllegalArgumentException)) {
        throw new IllegalStateException("cannot handle the signal " + name, e);
      }
    }
  }
}
