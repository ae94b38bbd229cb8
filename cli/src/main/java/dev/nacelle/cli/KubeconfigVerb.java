package dev.nacelle.cli;

import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nacelle kubeconfig}. */
@Command(
    name = "kubeconfig",
    description = {
      "Print the administrator's kubeconfig, or with --user one for another person",
      "(a client certificate of a year; what they may do is up to RBAC)."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class KubeconfigVerb extends InstanceVerb {
  @Spec CommandSpec spec;

  @Option(names = "--user", paramLabel = "NAME", description = "a person's name")
  Optional<String> user = Optional.empty();

  @Option(
      names = "--group",
      paramLabel = "G",
      description = "a group of that person; may be repeated")
  List<String> groups = new ArrayList<>();

  @Override
  public Integer call() throws VerbException, InterruptedException {
    if (user.isEmpty()) {
      if (!groups.isEmpty()) {
        throw new ParameterException(spec.commandLine(), "cannot use --group without --user");
      }
      try {
        cli.out.print(Files.readString(data.resolve("kubeconfig")));
      } catch (IOException e) {
        throw new VerbException(
            "cannot read " + data.resolve("kubeconfig") + ": start the platform first");
      }
      return 0;
    }
    try (ControlClient control = ControlClient.connect(data)) {
      JsonObject answer =
          control.post(
              "/v1/kubeconfig",
              JsonObject.builder()
                  .put("user", user.get())
                  .put("groups", JsonArray.ofStrings(groups))
                  .build());
      cli.out.print(answer.string("kubeconfig").orElse(""));
      return 0;
    }
  }
}
