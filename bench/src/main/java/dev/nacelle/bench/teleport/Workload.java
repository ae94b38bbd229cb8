package dev.nacelle.bench.teleport;

import dev.nacelle.bench.platform.Pods;
import java.util.List;

/** What a container of the image does. */
enum Workload {
  FIRST_OUTPUT(
      List.of(
          "python3",
          "-c",
          "import json, http.server, sqlite3, time; print(time.time(), flush=True)")),
  SERVER(List.of("python3", "-m", "http.server", "8000")),
  READ_ALL(
      List.of(
          "python3",
          "-c",
          """
          import os
          n = 0
          for top, _, names in os.walk('/usr'):
              for name in names:
                  path = os.path.join(top, name)
                  if os.path.isfile(path) and not os.path.islink(path):
                      with open(path, 'rb', buffering=0) as f:
                          while part := f.read(1 << 20):
                              n += len(part)
          print(n, flush=True)
          """)),
  REST(List.of("python3", "-c", "import time; print('here', flush=True); time.sleep(3600)"));

  static final int PORT = 8000;

  private final List<String> command;

  Workload(List<String> command) {
    this.command = command;
  }

  List<String> command() {
    return command;
  }

  Pods.Spec pod(String name, String image) {
    return new Pods.Spec(name, image, "IfNotPresent", command);
  }
}
