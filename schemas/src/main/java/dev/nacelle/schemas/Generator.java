package dev.nacelle.schemas;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonWriter;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.TreeMap;
import java.util.zip.Deflater;

/**
 * Joins two published descriptions of the Kubernetes API into one file. The older one (an OpenAPI
 * document) has descriptions, list and patch metadata, defaults and enumerations; the newer one
 * (generated classes) has the fields and what is required. What neither knows is in {@code
 * differences.json}. Only what the roots reach is kept.
 *
 * <p>The file: the text that names the inputs, a count, then per definition its name, the sizes of
 * its JSON text in bytes, plain and deflated, and the deflated text. Strings are as {@link
 * DataOutputStream#writeUTF} writes them. Definitions are sorted by name and deflated one by one,
 * so that one can be read without the others.
 */
public final class Generator {
  private final JsonObject older;
  private final JsonObject differences;
  private final ModelClasses models;

  private Generator(JsonObject older, JsonObject differences) {
    this.older = older;
    this.differences = differences;
    this.models = new ModelClasses(older, differences.strings("added"));
  }

  /**
   * @param args the file to write; one that is younger than its inputs is left as it is
   */
  public static void main(String[] args) throws IOException {
    Path output = Path.of(args[0]);
    String inputs = ModelClasses.sourceName() + " " + sourceName();
    if (isCurrent(output, inputs)) {
      return;
    }
    JsonObject document = readResource("/openshift-generated.json").object("definitions");
    JsonObject differences = readResource("/dev/nacelle/schemas/differences.json");
    var generator = new Generator(document, differences);
    Files.createDirectories(output.toAbsolutePath().getParent());
    Files.write(output, pack(inputs, generator.reachable()));
  }

  private TreeMap<String, JsonObject> reachable() {
    var result = new TreeMap<String, JsonObject>();
    var queue = new ArrayDeque<String>(differences.array("roots").strings().toList());
    while (!queue.isEmpty()) {
      String name = queue.poll();
      if (!result.containsKey(name)) {
        JsonObject definition = definition(name);
        result.put(name, definition);
        collectReferences(definition, queue);
      }
    }
    return result;
  }

  private JsonObject definition(String name) {
    JsonObject own = differences.object("definitions", name);
    if (!own.isEmpty()) {
      return own;
    }
    JsonObject known = older.object(name);
    var model = models.find(name);
    if (model.isEmpty()) {
      if (known.isEmpty()) {
        throw new IllegalStateException("no source describes " + name);
      }
      return Cleaning.definition(known);
    }
    JsonObject joined = model.get().join(known);
    JsonObject corrections = differences.object("properties", name);
    for (var correction : corrections.members().entrySet()) {
      JsonObject property = joined.object("properties", correction.getKey());
      var corrected = property.toBuilder();
      ((JsonObject) correction.getValue()).members().forEach(corrected::put);
      if (correction.getValue() instanceof JsonObject o && o.has("$ref")) {
        corrected.remove("type");
      }
      joined = joined.withAt(corrected.build(), "properties", correction.getKey());
    }
    return withKind(name, Cleaning.definition(joined));
  }

  /** Says which kind a definition is, where it is one. */
  private JsonObject withKind(String name, JsonObject definition) {
    JsonObject properties = definition.object("properties");
    boolean named =
        differences.array("kindsWithoutMetadata").strings().anyMatch(name::equals)
            || (properties.has("apiVersion")
                && properties.has("kind")
                && properties.has("metadata"));
    if (!named) {
      return definition;
    }
    String[] parts = name.split("\\.");
    var kind =
        JsonObject.builder()
            .put("group", differences.string("groups", parts[parts.length - 3]).orElseThrow())
            .put("kind", parts[parts.length - 1])
            .put("version", parts[parts.length - 2])
            .build();
    return definition.with("x-kubernetes-group-version-kind", JsonArray.of(kind));
  }

  private static void collectReferences(Json value, ArrayDeque<String> into) {
    if (value instanceof JsonObject object) {
      object
          .string("$ref")
          .ifPresent(reference -> into.add(reference.substring(reference.lastIndexOf('/') + 1)));
      object.members().values().forEach(member -> collectReferences(member, into));
    } else if (value instanceof JsonArray array) {
      array.forEach(item -> collectReferences(item, into));
    }
  }

  private static byte[] pack(String inputs, TreeMap<String, JsonObject> definitions)
      throws IOException {
    var bytes = new ByteArrayOutputStream();
    var out = new DataOutputStream(bytes);
    out.writeUTF(inputs);
    out.writeInt(definitions.size());
    for (var entry : definitions.entrySet()) {
      byte[] plain = JsonWriter.write(entry.getValue()).toByteArray();
      byte[] deflated = deflate(plain);
      out.writeUTF(entry.getKey());
      out.writeInt(plain.length);
      out.writeInt(deflated.length);
      out.write(deflated);
    }
    return bytes.toByteArray();
  }

  private static byte[] deflate(byte[] plain) {
    try (var deflater = new Deflater(Deflater.BEST_COMPRESSION)) {
      deflater.setInput(plain);
      deflater.finish();
      var out = new ByteArrayOutputStream();
      byte[] buffer = new byte[8192];
      while (!deflater.finished()) {
        out.write(buffer, 0, deflater.deflate(buffer));
      }
      return out.toByteArray();
    }
  }

  private static JsonObject readResource(String name) throws IOException {
    try (InputStream in = Generator.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("cannot read " + name + ": it is not on the class path");
      }
      return JsonReader.readObject(Bytes.wrap(in.readAllBytes()));
    }
  }

  private static String sourceName() {
    var url = Generator.class.getResource("/openshift-generated.json");
    String text = String.valueOf(url);
    int end = text.indexOf('!');
    return text.substring(text.lastIndexOf('/', end < 0 ? 0 : end) + 1, Math.max(end, 0));
  }

  private static boolean isCurrent(Path output, String inputs) throws IOException {
    if (!Files.exists(output)) {
      return false;
    }
    try (var in = new DataInputStream(Files.newInputStream(output));
        var own = Files.list(output.toAbsolutePath().getParent())) {
      long written = Files.getLastModifiedTime(output).toMillis();
      return in.readUTF().equals(inputs)
          && own.allMatch(file -> file.toFile().lastModified() <= written);
    }
  }
}
