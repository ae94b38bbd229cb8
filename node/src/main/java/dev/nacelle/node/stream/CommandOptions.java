package dev.nacelle.node.stream;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.http.QueryParameters;

/**
 * Which streams a client wants of a process, by the kubelet's parameters {@code input}, {@code
 * output}, {@code error} and {@code tty}. A terminal has no stream of errors.
 */
record CommandOptions(boolean stdin, boolean stdout, boolean stderr, boolean tty) {

  /**
   * @throws ApiException if no stream at all is wanted
   */
  static CommandOptions of(QueryParameters query) {
    boolean tty = query.flag("tty");
    var options =
        new CommandOptions(
            query.flag("input"), query.flag("output"), query.flag("error") && !tty, tty);
    if (!options.stdin && !options.stdout && !options.stderr) {
      throw ApiException.badRequest("you must specify at least 1 of stdin, stdout, stderr");
    }
    return options;
  }
}
