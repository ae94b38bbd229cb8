package dev.nacelle.cli;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.base.json.YamlReader;
import java.io.IOException;
import java.nio.file.Files;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * Reads {@code --config}: a YAML mapping of option names without dashes; what the command line says
 * counts more. What was given by either is noted.
 */
final class ConfigFile {
  private static final int MAX_BYTES = 1 << 20;

  private ConfigFile() {}

  static void merge(UpOptions options, CommandSpec spec) throws VerbException {
    for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
      options.given.put(option.longestName(), String.join(",", option.stringValues()));
    }
    if (options.config.isEmpty()) {
      return;
    }
    JsonObject file;
    try {
      if (Files.size(options.config.get()) > MAX_BYTES) {
        throw new VerbException("cannot read " + options.config.get() + ": it is too large");
      }
      Json parsed = YamlReader.read(Bytes.wrap(Files.readAllBytes(options.config.get())));
      if (!(parsed instanceof JsonObject mapping)) {
        throw new VerbException(
            "cannot read " + options.config.get() + ": want a mapping of options");
      }
      file = mapping;
    } catch (IOException | JsonSyntaxException e) {
      throw new VerbException("cannot read " + options.config.get() + ": " + e.getMessage());
    }
    ParseResult given = spec.commandLine().getParseResult();
    for (var entry : file.members().entrySet()) {
      OptionSpec option = spec.findOption("--" + entry.getKey());
      if (option == null || entry.getKey().equals("config") || entry.getKey().equals("help")) {
        throw new VerbException(
            "cannot use " + options.config.get() + ": unknown key \"" + entry.getKey() + "\"");
      }
      if (given.matchedOption("--" + entry.getKey()) == null) {
        apply(option, entry.getKey(), entry.getValue());
        options.given.put(option.longestName(), text(entry.getValue()));
      }
    }
  }

  private static void apply(OptionSpec option, String key, Json value) throws VerbException {
    var line = new CommandLine(new Holder());
    line.getCommandSpec()
        .addOption(
            OptionSpec.builder(option).getter(option.getter()).setter(option.setter()).build());
    try {
      if (option.type() == boolean.class) {
        line.parseArgs("--" + key + "=" + text(value));
      } else {
        line.parseArgs("--" + key, text(value));
      }
    } catch (ParameterException e) {
      throw new VerbException("cannot use key \"" + key + "\": " + e.getMessage());
    }
  }

  private static String text(Json value) {
    return switch (value) {
      case JsonString s -> s.value();
      case JsonArray a -> a.items().stream().map(ConfigFile::text).collect(Collectors.joining(","));
      case JsonObject o ->
          o.members().entrySet().stream()
              .map(e -> e.getKey() + "=" + text(e.getValue()))
              .collect(Collectors.joining(","));
      case Json other -> JsonWriter.write(other).toUtf8();
    };
  }

  @CommandLine.Command
  private static final class Holder {}
}
