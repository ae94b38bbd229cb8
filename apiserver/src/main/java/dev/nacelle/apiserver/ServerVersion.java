package dev.nacelle.apiserver;

import dev.nacelle.base.json.JsonObject;

/** What {@code /version} says: the version of the API that is served. */
public final class ServerVersion {
  public static final String GIT_VERSION = "v1.36.2+nacelle";

  private ServerVersion() {}

  static JsonObject json() {
    return JsonObject.builder()
        .put("major", "1")
        .put("minor", "36")
        .put("emulationMajor", "1")
        .put("emulationMinor", "36")
        .put("minCompatibilityMajor", "1")
        .put("minCompatibilityMinor", "35")
        .put("gitVersion", GIT_VERSION)
        .put("gitCommit", "0000000000000000000000000000000000000000")
        .put("gitTreeState", "clean")
        .put("buildDate", "2026-01-01T00:00:00Z")
        .put("goVersion", "none (Java " + Runtime.version().feature() + ")")
        .put("compiler", "javac")
        .put("platform", platform())
        .build();
  }

  private static String platform() {
    String arch = System.getProperty("os.arch", "amd64");
    return "linux/" + (arch.equals("aarch64") ? "arm64" : "amd64");
  }
}
