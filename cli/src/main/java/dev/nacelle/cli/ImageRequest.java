package dev.nacelle.cli;

import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.cli.Host.AuthFile;
import dev.nacelle.cli.Host.ImageVerb;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A verb on images as the body of a request to a running platform. */
public final class ImageRequest {
  private ImageRequest() {}

  /** The body; it asks for an answer line by line. */
  public static JsonObject write(ImageVerb verb) {
    return body(verb).put("stream", true).build();
  }

  private static JsonObject.Builder body(ImageVerb verb) {
    return switch (verb) {
      case ImageVerb.Import(Path source, String name) ->
          named("import", name).put("source", source.toString());
      case ImageVerb.Ls(ImageVerb.Form form) -> verb("list").put("form", word(form));
      case ImageVerb.Remove(List<String> names) ->
          verb("remove").put("names", JsonArray.ofStrings(names));
      case ImageVerb.Prune prune -> verb("prune");
      case ImageVerb.Pull(
              String name,
              Optional<String> platform,
              ImageVerb.Data data,
              AuthFile a) -> {
        var body = named("pull", name).put("data", word(data)).put("auth", a.text());
        platform.ifPresent(p -> body.put("platform", p));
        yield body;
      }
      case ImageVerb.Push(
              String name,
              Optional<String> target,
              ImageVerb.Layers layers,
              AuthFile a) -> {
        var body = named("push", name).put("layers", word(layers)).put("auth", a.text());
        target.ifPresent(t -> body.put("target", t));
        yield body;
      }
      case ImageVerb.Convert(String name, ImageVerb.Platforms platforms, AuthFile a) ->
          named("convert", name).put("platforms", word(platforms)).put("auth", a.text());
      case ImageVerb.Inspect(String name) -> named("inspect", name);
      case ImageVerb.Verify(String name) -> named("verify", name);
      case ImageVerb.Trace(
              String name,
              ImageVerb.TraceTask task,
              ImageVerb.Form form,
              AuthFile a) ->
          named("trace", name)
              .put("task", word(task))
              .put("form", word(form))
              .put("auth", a.text());
    };
  }

  private static JsonObject.Builder verb(String word) {
    return JsonObject.builder().put("verb", word);
  }

  private static JsonObject.Builder named(String word, String name) {
    return verb(word).put("name", name);
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /**
   * Reads a body.
   *
   * @throws IllegalArgumentException if it is of no known verb
   */
  public static ImageVerb read(JsonObject body) {
    String name = body.string("name").orElse("");
    var auth = new AuthFile(body.string("auth").orElse(""));
    return switch (body.string("verb").orElse("")) {
      case "import" -> new ImageVerb.Import(Path.of(body.string("source").orElse("")), name);
      case "list" -> new ImageVerb.Ls(form(body));
      case "remove" -> new ImageVerb.Remove(body.array("names").strings().toList());
      case "prune" -> new ImageVerb.Prune();
      case "pull" ->
          new ImageVerb.Pull(
              name,
              body.string("platform"),
              choice(body, "data", ImageVerb.Data.AS_READ, ImageVerb.Data.ALL),
              auth);
      case "push" ->
          new ImageVerb.Push(
              name,
              body.string("target"),
              choice(body, "layers", ImageVerb.Layers.ORIGINAL, ImageVerb.Layers.REBUILT),
              auth);
      case "convert" ->
          new ImageVerb.Convert(
              name,
              choice(body, "platforms", ImageVerb.Platforms.HOST, ImageVerb.Platforms.ALL),
              auth);
      case "inspect" -> new ImageVerb.Inspect(name);
      case "verify" -> new ImageVerb.Verify(name);
      case "trace" -> new ImageVerb.Trace(name, task(body), form(body), auth);
      default -> throw new IllegalArgumentException("unknown verb");
    };
  }

  /** What is not understood is not done: only showing changes nothing. */
  private static ImageVerb.TraceTask task(JsonObject body) {
    String asked = body.string("task").orElse(word(ImageVerb.TraceTask.SHOW));
    for (ImageVerb.TraceTask task : ImageVerb.TraceTask.values()) {
      if (word(task).equals(asked)) {
        return task;
      }
    }
    throw new IllegalArgumentException("unknown task of a trace: " + asked);
  }

  private static ImageVerb.Form form(JsonObject body) {
    return choice(body, "form", ImageVerb.Form.TEXT, ImageVerb.Form.JSON);
  }

  private static <E extends Enum<E>> E choice(JsonObject body, String member, E usual, E other) {
    return body.string(member).filter(word(other)::equals).isPresent() ? other : usual;
  }
}
