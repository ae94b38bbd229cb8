package dev.nacelle.network;

import dev.nacelle.kernel.bpf.BpfException;
import dev.nacelle.kernel.bpf.BpfFileSystem;
import dev.nacelle.kernel.bpf.BpfLink;
import dev.nacelle.kernel.bpf.BpfMap;
import dev.nacelle.kernel.bpf.BpfObject;
import dev.nacelle.kernel.bpf.BpfProgram;
import dev.nacelle.kernel.bpf.MapLayout;
import dev.nacelle.kernel.bpf.ProgramCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One instance's maps, programs and attachments, pinned below {@code BPFFS/nacelle/INSTANCE}, so
 * that they outlive the process. Opening adopts what is there. Programs of another build are
 * replaced in place, one attachment after the other: first here those of the sockets, then by the
 * callers those of pods and uplinks, and {@link #settle} ends it.
 *
 * <p>The flows of an uplink are shared by all instances of a host, for they share its ports: they
 * are pinned below {@code BPFFS/nacelle-hosts/COOKIE}, and the last instance out removes them.
 */
final class PinnedObjects implements AutoCloseable {
  private static final Set<String> SHARED = Set.of("flows", "fragments");
  private static final int ENOLINK = 67;
  private static final String NEXT = "_next";

  private final Path directory;
  private final Path hostDirectory;
  private final Path user;
  private final DatapathPrograms build;
  private final Map<String, BpfMap> maps = new HashMap<>();
  private final Map<String, BpfProgram> programs = new HashMap<>();
  private boolean renewed;

  private PinnedObjects(Path bpffs, String instance, long hostCookie, DatapathPrograms build) {
    this.directory = bpffs.resolve("nacelle").resolve(instance);
    this.hostDirectory = bpffs.resolve("nacelle-hosts").resolve(Long.toHexString(hostCookie));
    this.user = hostDirectory.resolve("users").resolve(instance);
    this.build = build;
  }

  /**
   * Opens or makes all objects of an instance, and attaches what serves sockets.
   *
   * @param hostCookie of the host's network namespace; objects left from another one are removed
   * @param cgroup root of the cgroup v2 hierarchy
   */
  static PinnedObjects open(Path bpffs, String instance, long hostCookie, Path cgroup) {
    BpfFileSystem.ensureMounted(bpffs);
    PinnedObjects objects =
        new PinnedObjects(bpffs, instance, hostCookie, DatapathPrograms.ofThisBuild());
    try {
      objects.openAll("host_" + Long.toHexString(hostCookie), cgroup);
      return objects;
    } catch (IOException e) {
      objects.close();
      throw new UncheckedIOException("cannot open the datapath's objects: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      objects.close();
      throw e;
    }
  }

  private void openAll(String hostMarker, Path cgroup) throws IOException {
    if (Files.exists(directory) && !Files.exists(directory.resolve(hostMarker))) {
      BpfFileSystem.remove(directory);
    }
    for (String part : List.of("maps", "programs", "links", hostMarker)) {
      Files.createDirectories(directory.resolve(part));
    }
    Files.createDirectories(user);
    boolean known = Files.exists(buildMarker());
    for (BpfObject object : build.objects()) {
      for (MapLayout layout : object.maps()) {
        if (!maps.containsKey(layout.name())) {
          known &= openMap(layout);
        }
      }
    }
    if (!known || !openPrograms()) {
      loadPrograms();
      attachToSockets(cgroup);
    }
  }

  /** Opens or makes a map; whether it was there. */
  private boolean openMap(MapLayout layout) throws IOException {
    boolean shared = SHARED.contains(layout.name());
    Path pin =
        shared
            ? hostDirectory.resolve(
                layout.name() + "_" + layout.keySize() + "_" + layout.valueSize())
            : directory.resolve("maps").resolve(layout.name());
    Optional<BpfMap> pinned = BpfMap.openPinned(pin, layout);
    if (pinned.isPresent()) {
      maps.put(layout.name(), pinned.get());
      return true;
    }
    Files.deleteIfExists(pin);
    BpfMap map = BpfMap.create(layout);
    maps.put(layout.name(), map);
    map.pin(pin);
    return false;
  }

  private boolean openPrograms() {
    for (ProgramCode code : build.programs()) {
      Optional<BpfProgram> pinned = BpfProgram.openPinned(programPin(code.name()), code.kind());
      pinned.ifPresent(program -> programs.put(code.name(), program));
    }
    return programs.size() == build.programs().size();
  }

  private void loadPrograms() throws IOException {
    renewed = true;
    programs.values().forEach(BpfProgram::close);
    programs.clear();
    programs.putAll(build.load(maps));
    for (ProgramCode code : build.programs()) {
      Files.deleteIfExists(programPin(code.name() + NEXT));
      program(code.name()).pin(programPin(code.name() + NEXT));
    }
  }

  private void attachToSockets(Path cgroup) throws IOException {
    for (ProgramCode code : build.programs()) {
      if (!code.kind().onInterface()) {
        BpfProgram program = program(code.name());
        attach(code.name(), program, () -> BpfLink.toCgroup(program, cgroup));
      }
    }
  }

  private interface Attachment {
    BpfLink make();
  }

  /** Updates a pinned link, or makes and pins it. */
  private void attach(String name, BpfProgram program, Attachment attachment) throws IOException {
    Path pin = directory.resolve("links").resolve(name);
    Optional<BpfLink> pinned = BpfLink.openPinned(pin);
    if (pinned.isPresent()) {
      try (BpfLink link = pinned.get()) {
        if (!link.runs(program)) {
          link.update(program); // waits some 15 ms for the kernel's readers
        }
        return;
      } catch (BpfException e) {
        if (e.errno() != ENOLINK) {
          throw e;
        }
        Files.deleteIfExists(pin);
      }
    }
    try (BpfLink link = attachment.make()) {
      link.pin(pin);
    }
  }

  /** Whether the programs are others than those that an earlier process has attached. */
  boolean renewed() {
    return renewed;
  }

  /** The descriptor of the program for what pods send. */
  int podProgram() {
    return program("pod_egress").descriptor();
  }

  /** Attaches to an interface that leads off the host; to be called in the host's namespace. */
  void attachToUplink(int interfaceIndex) {
    try {
      for (String name : List.of("uplink_ingress", "uplink_egress")) {
        BpfProgram program = program(name);
        attach(
            name + "_" + interfaceIndex,
            program,
            () -> BpfLink.toInterface(program, interfaceIndex));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Detaches from an interface that is no uplink any more. */
  void detachFromUplink(int interfaceIndex) {
    try {
      for (String name : List.of("uplink_ingress", "uplink_egress")) {
        Files.deleteIfExists(directory.resolve("links").resolve(name + "_" + interfaceIndex));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All attachments are those of this build: the former programs can go. */
  void settle() {
    try {
      for (ProgramCode code : build.programs()) {
        Path next = programPin(code.name() + NEXT);
        if (Files.exists(next)) {
          Files.deleteIfExists(programPin(code.name()));
          Files.move(next, programPin(code.name()), StandardCopyOption.ATOMIC_MOVE);
        }
      }
      try (var markers = Files.newDirectoryStream(directory, "build_*")) {
        for (Path marker : markers) {
          if (!marker.equals(buildMarker())) {
            Files.delete(marker);
          }
        }
      }
      Files.createDirectories(buildMarker());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot settle the datapath's programs: " + e.getMessage(), e);
    }
  }

  private Path programPin(String name) {
    return directory.resolve("programs").resolve(name);
  }

  private Path buildMarker() {
    return directory.resolve("build_" + build.digest());
  }

  BpfMap map(String name) {
    BpfMap map = maps.get(name);
    if (map == null) {
      throw new IllegalArgumentException("no bpf map " + name);
    }
    return map;
  }

  private BpfProgram program(String name) {
    BpfProgram program = programs.get(name);
    if (program == null) {
      throw new IllegalArgumentException("no bpf program " + name);
    }
    return program;
  }

  /** Detaches all and removes the instance's pins; with the descriptors the objects go, too. */
  void release() {
    try {
      detachAll();
      BpfFileSystem.remove(directory);
      BpfFileSystem.remove(user);
      Path users = hostDirectory.resolve("users");
      boolean last = true;
      if (Files.exists(users)) {
        try (var others = Files.list(users)) {
          last = others.findAny().isEmpty();
        }
      }
      if (last) {
        BpfFileSystem.remove(hostDirectory);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove the datapath's pins: " + e.getMessage(), e);
    } finally {
      close();
    }
  }

  private void detachAll() throws IOException {
    Path links = directory.resolve("links");
    if (!Files.exists(links)) {
      return;
    }
    try (var pins = Files.newDirectoryStream(links)) {
      for (Path pin : pins) {
        Optional<BpfLink> pinned = BpfLink.openPinned(pin);
        if (pinned.isPresent()) {
          try (BpfLink link = pinned.get()) {
            link.detach();
          }
        }
      }
    }
  }

  @Override
  public void close() {
    programs.values().forEach(BpfProgram::close);
    programs.clear();
    maps.values().forEach(BpfMap::close);
    maps.clear();
  }
}
