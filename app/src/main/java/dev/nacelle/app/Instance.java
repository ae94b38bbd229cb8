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
  static final String DEFAULT_NAME = "nacelle";
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
      return decide(layout, options);
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

  /** Another first start must not look before this one's decision is on the disk. */
  private static Instance decide(Layout layout, UpOptions options)
      throws IOException, StartException {
    try (FileChannel channel = openLock();
        FileLock lock = channel.lock()) {
      int index = firstFree(layout);
      String name = options.name.orElse(DEFAULT_NAME);
      Ipv4Range pods =
          Ipv4Range.parse(
              options.clusterCidr.orElse("10." + (FIRST_POD_OCTET + index) + ".0.0/16"));
      Ipv4Range services =
          Ipv4Range.parse(
              options.serviceCidr.orElse("10." + (FIRST_SERVICE_OCTET + index) + ".0.0/16"));
      claim(index, layout);
      var fresh = new Instance(name, name + "-" + index, index, pods, services);
      DurableFiles.writeAtomically(
          layout.instance(), JsonWriter.write(fresh.toJson()), DurableFiles.Mode.EVERYBODY_READS);
      return fresh;
    } catch (IllegalArgumentException e) {
      throw new StartException(String.valueOf(e.getMessage()));
    }
  }

  private static FileChannel openLock() throws IOException {
    Files.createDirectories(INDEXES);
    return FileChannel.open(
        INDEXES.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  private static void claimAgain(Layout layout, Instance known) throws IOException {
    try (FileChannel channel = openLock();
        FileLock lock = channel.lock()) {
      claim(known.index(), layout);
    }
  }

  private static void claim(int index, Layout layout) throws IOException {
    DurableFiles.writeAtomically(
        INDEXES.resolve(Integer.toString(index)),
        Bytes.utf8(layout.data() + "\n"),
        DurableFiles.Mode.EVERYBODY_READS);
  }

  /** Gives the index back, and with the last one what was changed of the host. */
  void free() throws IOException {
    try (FileChannel channel = openLock();
        FileLock lock = channel.lock()) {
      Files.deleteIfExists(INDEXES.resolve(Integer.toString(index)));
      for (int other = 0; other < MOST; other++) {
        if (isClaimed(INDEXES.resolve(Integer.toString(other)))) {
          return;
        }
      }
      KernelSettings.ofHost().restore();
    }
  }

  /** A claim whose instance was removed by hand is none. */
  private static boolean isClaimed(Path claim) throws IOException {
    return Files.exists(claim)
        && Files.exists(new Layout(Path.of(Files.readString(claim).strip())).instance());
  }

  private static int firstFree(Layout layout) throws IOException, StartException {
    for (int index = 0; index < MOST; index++) {
      Path claim = INDEXES.resolve(Integer.toString(index));
      if (!isClaimed(claim) || Path.of(Files.readString(claim).strip()).equals(layout.data())) {
        return index;
      }
    }
    throw new StartException(
        "cannot start one more instance: this host has " + MOST + "; purge one, or give ranges");
  }

  private static Instance fromJson(JsonObject json) {
    return new Instance(
        json.string("name").orElse(DEFAULT_NAME),
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
