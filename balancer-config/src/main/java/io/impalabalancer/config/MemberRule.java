package io.impalabalancer.config;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * One entry of a pool as it was declared: who becomes a member, and as what. A coordinator that
 * several entries mean is what the entry with its name says, else what the first pattern says.
 *
 * @param coordinator a coordinator's name, or a regular expression that matches whole names
 * @param isPattern whether it is the latter
 * @param weight 0 to 256; empty: the coordinator's own
 * @param backup serves only while no other member is usable
 */
public record MemberRule(
    String coordinator, boolean isPattern, OptionalInt weight, boolean backup) {

  /** Makes every coordinator a member as it is. */
  static final MemberRule EVERYONE = new MemberRule(".*", true, OptionalInt.empty(), false);

  /** Returns the members that the entries of a pool make of coordinators, in their order. */
  static List<MemberConfig> members(List<MemberRule> rules, List<CoordinatorConfig> coordinators) {
    List<MemberConfig> members = new ArrayList<>();
    List<CoordinatorConfig> left = new ArrayList<>(coordinators);
    for (MemberRule rule : rules) {
      Predicate<String> matches = rule.matcher();
      for (CoordinatorConfig each : List.copyOf(left)) {
        boolean named = rule.isPattern && rules.stream().anyMatch(r -> r.names(each.name()));
        if (!named && matches.test(each.name())) {
          left.remove(each);
          members.add(
              new MemberConfig(each.name(), rule.weight.orElse(each.weight()), rule.backup));
        }
      }
    }
    return members;
  }

  private boolean names(String name) {
    return !isPattern && coordinator.equals(name);
  }

  Predicate<String> matcher() {
    return isPattern ? Pattern.compile(coordinator).asMatchPredicate() : coordinator::equals;
  }
}
