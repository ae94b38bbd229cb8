package dev.nacelle.cli;

import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonWriter;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code nacelle status}. */
@Command(name = "status", description = "Say what runs, where it listens, and how its parts are.")
final class StatusVerb extends InstanceVerb {
  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      description = "text or json (default: text)")
  Format format = Format.TEXT;

  enum Format {
    TEXT,
    JSON
  }

  @Override
  public Integer call() throws VerbException, InterruptedException {
    try (ControlClient control = ControlClient.connect(data)) {
      JsonObject status = control.get("/v1/status");
      if (format == Format.JSON) {
        cli.out.println(JsonWriter.write(status).toUtf8());
        return 0;
      }
      print(status);
      return 0;
    }
  }

  private void print(JsonObject status) {
    cli.out.printf(
        "nacelle %s, instance %s, process %d%n",
        status.string("version").orElse("?"),
        status.string("name").orElse("?"),
        status.integer("pid").orElse(0));
    row("api", status.string("api", "url").orElse("not in this process"));
    row("kubeconfig", status.string("kubeconfig").orElse(""));
    row("node", status.string("node", "name").orElse("not in this process"));
    row("registry", status.string("registry", "url").orElse("not in this process"));
    row("dns", status.string("dns", "address").orElse("not in this process"));
    row("images", images(status.object("images")));
    row("pods", status.string("ranges", "pods").orElse(""));
    row("services", status.string("ranges", "services").orElse(""));
    cli.out.println("parts:");
    status
        .object("parts")
        .members()
        .forEach(
            (name, part) ->
                row(
                    "  " + name,
                    part instanceof JsonObject o
                        ? o.string("state").orElse("")
                            + o.integer("startMillis").stream()
                                .mapToObj(ms -> " (" + ms + " ms)")
                                .findFirst()
                                .orElse("")
                        : part.typeName()));
  }

  /** What images take; empty where this process keeps none. */
  private static String images(JsonObject images) {
    if (images.isEmpty()) {
      return "";
    }
    String quota =
        images.integer("quotaBytes").stream()
            .mapToObj(bytes -> "quota " + size(bytes))
            .findFirst()
            .orElse("no quota");
    return images.integer("count").orElse(0)
        + " of "
        + size(images.integer("sizeBytes").orElse(0))
        + ", "
        + size(images.integer("usedBytes").orElse(0))
        + " on the disk; "
        + quota
        + ", "
        + size(images.integer("availableBytes").orElse(0))
        + " available";
  }

  /** Disks are counted in larger units than layers. */
  private static String size(long bytes) {
    return bytes < 1 << 30
        ? ImageOutput.size(bytes)
        : String.format(Locale.ROOT, "%.1f GiB", bytes / 1073741824.0);
  }

  private void row(String name, String value) {
    if (!value.isEmpty()) {
      cli.out.printf("%-14s %s%n", name, value);
    }
  }
}
