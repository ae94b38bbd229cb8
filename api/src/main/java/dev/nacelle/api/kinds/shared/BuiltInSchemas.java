package dev.nacelle.api.kinds.shared;

import dev.nacelle.api.schema.Schema;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonWriter;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * The OpenAPI v2 definitions of all built-in kinds and of what they refer to, by name ({@code
 * io.k8s.api.core.v1.Pod}). They are kept compressed, one by one, and read at first use; a schema
 * once read stays. Safe for any thread.
 */
public final class BuiltInSchemas {
  private static final String KUBERNETES = "/dev/nacelle/schemas/kubernetes.definitions";
  private static final String OWN = "/dev/nacelle/api/kinds/containers/definitions.json";

  private static final class Loaded {
    static final BuiltInSchemas INSTANCE = new BuiltInSchemas();
  }

  private record Packed(byte[] deflated, int plainSizeBytes) {}

  private final TreeMap<String, Packed> packed = new TreeMap<>();
  private final JsonObject own;
  private final ConcurrentHashMap<String, Schema> parsed = new ConcurrentHashMap<>();

  private BuiltInSchemas() {
    try (var in = new DataInputStream(open(KUBERNETES));
        InputStream ownText = open(OWN)) {
      in.readUTF();
      for (int left = in.readInt(); left > 0; left--) {
        String name = in.readUTF();
        int plainSizeBytes = in.readInt();
        packed.put(name, new Packed(in.readNBytes(in.readInt()), plainSizeBytes));
      }
      own = JsonReader.readObject(Bytes.wrap(ownText.readAllBytes()));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the schemas of the built-in kinds", e);
    }
  }

  /** A schema that refers to a definition; nothing is read before the schema is asked. */
  public static Schema reference(String name) {
    return Schema.parse(
        JsonObject.builder().put("$ref", "#/definitions/" + name).build(),
        wanted -> Loaded.INSTANCE.schema(wanted));
  }

  /** The one library; the first call reads the resource. */
  public static BuiltInSchemas library() {
    return Loaded.INSTANCE;
  }

  /** The names of all definitions, sorted. */
  public NavigableSet<String> names() {
    var result = new TreeSet<>(packed.keySet());
    result.addAll(own.members().keySet());
    return Collections.unmodifiableNavigableSet(result);
  }

  /**
   * The JSON text of a definition, with {@code x-kubernetes-group-version-kind} where it is a kind.
   */
  public Optional<Bytes> text(String name) {
    Packed found = packed.get(name);
    if (found == null) {
      return own.get(name).map(JsonWriter::write);
    }
    return Optional.of(Bytes.wrap(inflate(name, found)));
  }

  /**
   * The schema of a definition.
   *
   * @throws IllegalArgumentException if there is none of that name
   */
  public Schema schema(String name) {
    Schema known = parsed.get(name);
    if (known != null) {
      return known;
    }
    Bytes text =
        text(name).orElseThrow(() -> new IllegalArgumentException("no definition " + name));
    Schema read = Schema.parse(JsonReader.readObject(text), this::schema);
    Schema before = parsed.putIfAbsent(name, read);
    return before == null ? read : before;
  }

  private static byte[] inflate(String name, Packed packed) {
    try (var inflater = new Inflater()) {
      inflater.setInput(packed.deflated());
      byte[] plain = new byte[packed.plainSizeBytes()];
      if (inflater.inflate(plain) != plain.length) {
        throw new IllegalStateException("definition " + name + " is cut off");
      }
      return plain;
    } catch (DataFormatException e) {
      throw new IllegalStateException("definition " + name + " is damaged", e);
    }
  }

  private static InputStream open(String resource) throws IOException {
    InputStream in = BuiltInSchemas.class.getResourceAsStream(resource);
    if (in == null) {
      throw new IOException(resource + " is not on the class path");
    }
    return in;
  }
}
