package dev.nacelle.cli;

import dev.nacelle.base.json.JsonObject;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code nacelle token create}. */
@Command(
    name = "token",
    description = "Make a bootstrap token with which a further host joins ('token create').")
final class TokenVerb extends InstanceVerb {
  @Parameters(paramLabel = "create", description = "what to do; only 'create' is known")
  Action action = Action.CREATE;

  @Option(
      names = "--ttl-hours",
      paramLabel = "H",
      description = "how long it can be used (default: ${DEFAULT-VALUE})")
  int ttlHours = 24;

  enum Action {
    CREATE
  }

  @Override
  public Integer call() throws VerbException, InterruptedException {
    try (ControlClient control = ControlClient.connect(data)) {
      JsonObject answer =
          control.post("/v1/tokens", JsonObject.builder().put("ttlHours", ttlHours).build());
      cli.out.println(answer.string("token").orElse(""));
      return 0;
    }
  }
}
