package dev.nacelle.app;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.DurableFiles;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.cli.UpOptions;
import dev.nacelle.network.Ipv4Range;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * What was decided when the instance started first on this host, and is kept: its name, its index
 * among the host's instances, and the ranges that come of it.
 *
 * @param name of the instance and, with that of the data directory, of its kernel objects
 * @param key unique among the instances of this machine; names kernel objects
 */
record Instance(String name, String key, int index, Ipv4Range podRange, Ipv4Range serviceRange) {
  private static final Path INDEXES = Path.of("/run/nacelle/instances");
  private static final int MOST = 60;
  private static final int FIRST_POD_OCTET = 64;
  private static final int FIRST_SERVICE_OCTET = 128;

  /**
   * Reads what was decided, or decides: takes the first index that no other instance of the host
   * has.
   */
  static Instance of(Layout layout, UpOptions options) throws StartException {
    try {
      if (Files.exists(layout.instance())) {
        Instance known =
            fromJson(JsonReader.readObject(Bytes.wrap(Files.readAllBytes(layout.instance()))));
        refuse("--cluster-cidr", options.clusterCidr, known.podRange().toString());
        refuse("--service-cluster-ip-range", options.serviceCidr, known.serviceRange().toString());
        refuse("--name", options.name, known.name());
        claimAgain(layout, known);
        return known;
      }
      Instance fresh = decide(layout, options);
      DurableFiles.writeAtomically(
          layout.instance(), JsonWriter.write(fresh.toJson()), DurableFiles.Mode.EVERYBODY_READS);
      return fresh;
    } catch (IOException e) {
      throw new StartException("cannot read or write " + layout.instance() + ": " + e.getMessage());
    }
  }

  private static void refuse(String flag, Optional<String> wanted, String known)
      throws StartException {
    if (wanted.isPresent() && !wanted.get().equals(known)) {
      throw new StartException(
          "cannot use "
              + flag
              + "="
              + wanted.get()
              + ": this data directory was first started with "
              + known
              + "; choose another --data, or purge this one");
    }
  }

  private static Instance decide(Layout layout, UpOptions options)
      throws IOException, StartException {
    Files.createDirectories(INDEXES);
    try (FileChannel channel =
            FileChannel.open(
                INDEXES.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      int index = firstFree(layout);
      String name = options.name.orElse("nacelle");
      Ipv4Range pods =
          Ipv4Range.parse(
              options.clusterCidr.orElse("10." + (FIRST_POD_OCTET + index) + ".0.0/16"));
      Ipv4Range services =
          Ipv4Range.parse(
              options.serviceCidr.orElse("10." + (FIRST_SERVICE_OCTET + index) + ".0.0/16"));
      Files.writeString(INDEXES.resolve(Integer.toString(index)), layout.data() + "\n");
      return new Instance(name, name + "-" + index, index, pods, services);
    } catch (IllegalArgumentException e) {
      throw new StartException(String.valueOf(e.getMessage()));
    }
  }

  private static void claimAgain(Layout layout, Instance known) throws IOException {
    Files.createDirectories(INDEXES);
    Files.writeString(INDEXES.resolve(Integer.toString(known.index())), layout.data() + "\n");
  }

  /** Gives the index back. */
  void free() throws IOException {
    Files.deleteIfExists(INDEXES.resolve(Integer.toString(index)));
  }

  private static int firstFree(Layout layout) throws IOException, StartException {
    for (int index = 0; index < MOST; index++) {
      Path claim = INDEXES.resolve(Integer.toString(index));
      if (!Files.exists(claim)) {
        return index;
      }
      Path owner = Path.of(Files.readString(claim).strip());
      if (owner.equals(layout.data()) || !Files.exists(new Layout(owner).instance())) {
        return index;
      }
    }
    throw new StartException(
        "cannot start one more instance: this host has " + MOST + "; purge one, or give ranges");
  }

  private static Instance fromJson(JsonObject json) {
    return new Instance(
        json.string("name").orElse("nacelle"),
        json.string("key").orElse("nacelle-0"),
        (int) json.integer("index").orElse(0),
        Ipv4Range.parse(json.string("podRange").orElseThrow()),
        Ipv4Range.parse(json.string("serviceRange").orElseThrow()));
  }

  private JsonObject toJson() {
    return JsonObject.builder()
        .put("name", name)
        .put("key", key)
        .put("index", index)
        .put("podRange", podRange.toString())
        .put("serviceRange", serviceRange.toString())
        .build();
  }
}
