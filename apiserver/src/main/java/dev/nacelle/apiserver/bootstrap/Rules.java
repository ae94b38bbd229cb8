package dev.nacelle.apiserver.bootstrap;

import dev.nacelle.apiserver.auth.rbac.PolicyRule;
import java.util.List;

/** Short hands for the rules of the default roles: words are split at blanks. */
final class Rules {
  static final String READ = "get list watch";
  static final String WRITE = "create delete deletecollection patch update";
  static final String READ_WRITE = READ + " " + WRITE;
  static final String CORE = "";
  static final String APPS = "apps";
  static final String AUTHENTICATION = "authentication.k8s.io";
  static final String AUTHORIZATION = "authorization.k8s.io";
  static final String CERTIFICATES = "certificates.k8s.io";
  static final String COORDINATION = "coordination.k8s.io";
  static final String DISCOVERY = "discovery.k8s.io";
  static final String EVENTS = "events.k8s.io";
  static final String NETWORKING = "networking.k8s.io";
  static final String OWN = "containers.nacelle.dev";
  static final String POLICY = "policy";
  static final String RBAC = "rbac.authorization.k8s.io";
  static final String REGISTRY = "registry.nacelle.dev";
  static final String STORAGE = "storage.k8s.io";

  private Rules() {}

  static PolicyRule on(String verbs, String group, String resources) {
    return new PolicyRule(words(verbs), List.of(group), words(resources), List.of(), List.of());
  }

  static PolicyRule onNamed(String verbs, String group, String resources, String names) {
    return new PolicyRule(words(verbs), List.of(group), words(resources), words(names), List.of());
  }

  static PolicyRule onPaths(String verbs, String paths) {
    return new PolicyRule(words(verbs), List.of(), List.of(), List.of(), words(paths));
  }

  /** What whoever records events needs. */
  static PolicyRule recordEvents() {
    return new PolicyRule(
        words("create patch update"),
        List.of(CORE, EVENTS),
        List.of("events"),
        List.of(),
        List.of());
  }

  private static List<String> words(String text) {
    return List.of(text.split(" "));
  }
}
