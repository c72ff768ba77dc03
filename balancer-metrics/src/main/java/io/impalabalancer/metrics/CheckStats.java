package io.impalabalancer.metrics;

import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.CheckConfig;
import io.impalabalancer.config.CheckKind;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.core.CheckReport;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.CoordinatorEvent;
import io.impalabalancer.core.Member;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What checks found of one coordinator, in HAProxy's words. Any thread. */
final class CheckStats {
  private static final long NANOS_PER_MILLI = 1_000_000;

  private @Nullable CheckReport last;
  private boolean wasUp;
  private long failed;
  private long wentDown;
  private Duration downBefore = Duration.ZERO;

  synchronized void checked(CheckReport report) {
    last = report;
    if (!report.ok() && wasUp) {
      failed++;
    }
    wasUp = report.kind() != CheckKind.NONE && report.health() > 0 && (report.ok() || wasUp);
  }

  synchronized void statusChanged(CoordinatorEvent event) {
    if (event.to().equals("DOWN") && event.from().equals("UP")) {
      wentDown++;
    } else if (event.from().equals("DOWN")) {
      downBefore = downBefore.plus(event.held());
    }
  }

  synchronized void clear() {
    failed = 0;
    wentDown = 0;
    downBefore = Duration.ZERO;
  }

  /** Fills the columns of health of a member's row. */
  synchronized void fill(Member member, Protocol protocol, CheckConfig config, StatRow row) {
    Coordinator coordinator = member.coordinator();
    row.set("status", status(coordinator, protocol, config));
    row.set("lastchg", lastChange(coordinator, protocol).toSeconds());
    CheckReport report = last;
    if (config.type() != CheckKind.NONE) {
      boolean down = coordinator.status() == Coordinator.Status.DOWN;
      Duration downtime = down ? downBefore.plus(coordinator.statusAge()) : downBefore;
      row.set("downtime", downtime.toSeconds());
      row.set("chkfail", failed).set("chkdown", wentDown);
    }
    if (report != null) {
      row.set("check_status", code(report));
      row.set("check_duration", report.durationNanos() / NANOS_PER_MILLI);
      row.set("last_chk", report.reason()).set("check_desc", description(code(report)));
      row.set("check_rise", config.rise()).set("check_fall", config.fall());
      row.set("check_health", report.health());
      if (report.kind() == CheckKind.HTTP && report.ok()) {
        row.set("check_code", config.status());
      }
    } else if (coordinator.status() == Coordinator.Status.CHECKING) {
      row.set("check_status", "INI").set("check_desc", description("INI"));
    }
  }

  private static Duration lastChange(Coordinator coordinator, Protocol protocol) {
    Duration last = coordinator.statusAge();
    Duration admin = coordinator.adminAge();
    last = admin.compareTo(last) < 0 ? admin : last;
    if (coordinator.config().port(protocol).isPresent()) {
      Duration port = coordinator.openAge(protocol);
      last = port.compareTo(last) < 0 ? port : last;
    }
    return last;
  }

  private String status(Coordinator coordinator, Protocol protocol, CheckConfig config) {
    if (coordinator.adminState() == AdminState.MAINT) {
      return "MAINT";
    }
    int health = last == null ? 0 : last.health();
    int rise = config.rise();
    if (coordinator.status() != Coordinator.Status.UP) {
      boolean rising = coordinator.status() == Coordinator.Status.DOWN && health > 0;
      return rising && health < rise ? "DOWN " + health + "/" + rise : "DOWN";
    }
    if (!coordinator.isOpen(protocol)) {
      return "DOWN";
    }
    if (coordinator.adminState() == AdminState.DRAIN) {
      return "DRAIN";
    }
    if (coordinator.verdict(protocol).refuses()) {
      return "NOLB";
    }
    if (last == null) {
      return "no check";
    }
    boolean falling = health >= rise && health < rise + config.fall() - 1;
    return falling ? "UP " + (health - rise + 1) + "/" + config.fall() : "UP";
  }

  /** Returns HAProxy's word for a result ("check_status" in its management guide). */
  private static String code(CheckReport report) {
    boolean http = report.kind() == CheckKind.HTTP || report.kind() == CheckKind.IMPALA;
    return switch (report.result()) {
      case "ok" -> http ? "L7OK" : "L4OK";
      case "timeout" -> report.reason().startsWith("http") ? "L7TOUT" : "L4TOUT";
      case "bad-status", "login" -> "L7STS";
      case "bad-answer", "reset" -> http ? "L7RSP" : "L4CON";
      case "tls" -> "L6RSP";
      case "no-resources", "unresolved" -> "SOCKERR";
      default -> "L4CON";
    };
  }

  private static String description(String code) {
    return switch (code) {
      case "INI" -> "Initializing";
      case "L4OK" -> "Layer4 check passed";
      case "L4TOUT" -> "Layer4 timeout";
      case "L4CON" -> "Layer4 connection problem";
      case "L6RSP" -> "Layer6 invalid response";
      case "L7OK" -> "Layer7 check passed";
      case "L7TOUT" -> "Layer7 timeout";
      case "L7RSP" -> "Layer7 invalid response";
      case "L7STS" -> "Layer7 wrong status";
      default -> "Socket error";
    };
  }
}
