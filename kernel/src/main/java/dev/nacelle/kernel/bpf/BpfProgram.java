package dev.nacelle.kernel.bpf;

import static dev.nacelle.kernel.bpf.Bpf.INT;
import static dev.nacelle.kernel.bpf.Bpf.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** A program that the verifier has accepted. It lives while a descriptor, pin or link holds it. */
public final class BpfProgram implements AutoCloseable {
  private static final int LOG_SIZE = 1 << 20;
  private static final int LOG_LINES = 12;
  private static final int INFO_SIZE = 16;
  private static final byte PSEUDO_MAP_FD = 1;
  private static final int ALLOW_MULTI = 2;

  private final int descriptor;
  private final ProgramKind kind;

  private BpfProgram(int descriptor, ProgramKind kind) {
    this.descriptor = descriptor;
    this.kind = kind;
  }

  /**
   * Loads a program.
   *
   * @param maps by name; all that it refers to
   * @throws BpfException if the verifier refuses; the message ends with its last lines
   */
  public static BpfProgram load(ProgramCode code, Map<String, BpfMap> maps) {
    byte[] instructions = code.instructions().clone();
    code.mapReferences()
        .forEach(
            (offset, name) -> {
              BpfMap map = maps.get(name);
              if (map == null) {
                throw new IllegalArgumentException(
                    "cannot load bpf program " + code.name() + ": no map " + name);
              }
              instructions[offset + 1] =
                  (byte) (instructions[offset + 1] & 0xf | PSEUDO_MAP_FD << 4);
              for (int i = 0; i < 4; i++) {
                instructions[offset + 4 + i] = (byte) (map.descriptor() >>> 8 * i);
              }
            });
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attributes = Bpf.attributes(arena);
      attributes.set(INT, 0, code.kind().programType());
      attributes.set(INT, 4, instructions.length / 8);
      MemorySegment text = arena.allocate(instructions.length, 8);
      MemorySegment.copy(instructions, 0, text, ValueLayout.JAVA_BYTE, 0, instructions.length);
      attributes.set(LONG, 8, text.address());
      attributes.set(LONG, 16, arena.allocateFrom(code.license()).address());
      Bpf.name(attributes, 48, code.name());
      attributes.set(INT, 68, code.kind().attachType());
      long result = Bpf.call(Bpf.PROG_LOAD, attributes);
      if (result < 0) {
        throw refused(arena, attributes, code.name(), (int) -result);
      }
      return new BpfProgram((int) result, code.kind());
    }
  }

  /** Loads once more, now with a log, to be able to say why. */
  private static BpfException refused(
      Arena arena, MemorySegment attributes, String name, int errno) {
    MemorySegment log = arena.allocate(LOG_SIZE);
    attributes.set(INT, 24, 1);
    attributes.set(INT, 28, LOG_SIZE);
    attributes.set(LONG, 32, log.address());
    long second = Bpf.call(Bpf.PROG_LOAD, attributes);
    if (second >= 0) {
      Bpf.close((int) second);
    }
    List<String> lines = log.getString(0).lines().toList();
    String tail =
        String.join(" | ", lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size()));
    return new BpfException("load bpf program " + name, errno, tail);
  }

  /** Opens a pinned program. */
  public static Optional<BpfProgram> openPinned(Path path, ProgramKind kind) {
    OptionalInt descriptor = Bpf.openPinned(path);
    return descriptor.isPresent()
        ? Optional.of(new BpfProgram(descriptor.getAsInt(), kind))
        : Optional.empty();
  }

  /** Attaches it to a cgroup for as long as that is there, beside the programs of others. */
  public void attachToCgroup(Path cgroup) {
    int directory = Bpf.openDirectory(cgroup);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attributes = Bpf.attributes(arena);
      attributes.set(INT, 0, directory);
      attributes.set(INT, 4, descriptor);
      attributes.set(INT, 8, kind.attachType());
      attributes.set(INT, 12, ALLOW_MULTI);
      Bpf.check("attach to " + cgroup, Bpf.PROG_ATTACH, attributes);
    } finally {
      Bpf.close(directory);
    }
  }

  public void pin(Path path) {
    Bpf.pin(descriptor, path);
  }

  public ProgramKind kind() {
    return kind;
  }

  /** The kernel's number of this program. */
  int id() {
    try (Arena arena = Arena.ofConfined()) {
      return Bpf.info(arena, descriptor, INFO_SIZE).get(INT, 4);
    }
  }

  /** The descriptor, for as long as this is open. */
  public int descriptor() {
    return descriptor;
  }

  @Override
  public void close() {
    Bpf.close(descriptor);
  }
}
