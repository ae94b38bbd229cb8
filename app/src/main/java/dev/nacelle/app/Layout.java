package dev.nacelle.app;

import java.nio.file.Path;

/** Where things lie below {@code DIR}: cluster state apart from host state. */
record Layout(Path data) {

  Path cluster() {
    return data.resolve("cluster");
  }

  Path store() {
    return cluster().resolve("store");
  }

  Path pki() {
    return cluster().resolve("pki");
  }

  /** The content of the built-in registry. */
  Path registry() {
    return data.resolve("registry");
  }

  Path node() {
    return data.resolve("node");
  }

  Path logs() {
    return data.resolve("logs");
  }

  Path kubeconfig() {
    return data.resolve("kubeconfig");
  }

  Path pid() {
    return data.resolve("nacelle.pid");
  }

  Path lock() {
    return data.resolve("lock");
  }

  Path socket() {
    return data.resolve("nacelle.sock");
  }

  /** The version of this layout. */
  Path version() {
    return data.resolve("version");
  }

  /** What was decided at the first start and stays: name, index, ranges, ports. */
  Path instance() {
    return data.resolve("instance.json");
  }
}
