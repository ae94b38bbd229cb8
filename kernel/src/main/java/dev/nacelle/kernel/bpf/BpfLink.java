package dev.nacelle.kernel.bpf;

import static dev.nacelle.kernel.bpf.Bpf.INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * An attachment. It holds as long as a descriptor or a pin, and other owners' attachments to the
 * same place are left alone.
 */
public final class BpfLink implements AutoCloseable {
  private static final int INFO_SIZE = 32;
  private static final int ENOLINK = 67;

  private final int descriptor;

  private BpfLink(int descriptor) {
    this.descriptor = descriptor;
  }

  /** Attaches to a directory of the cgroup v2 hierarchy and all below it. */
  public static BpfLink toCgroup(BpfProgram program, Path cgroup) {
    int directory = Bpf.openDirectory(cgroup);
    try (Arena arena = Arena.ofConfined()) {
      return create(arena, program, directory, "attach to " + cgroup);
    } finally {
      Bpf.close(directory);
    }
  }

  /** Attaches to an interface of the calling thread's network namespace, behind others. */
  public static BpfLink toInterface(BpfProgram program, int interfaceIndex) {
    try (Arena arena = Arena.ofConfined()) {
      return create(arena, program, interfaceIndex, "attach to interface " + interfaceIndex);
    }
  }

  private static BpfLink create(Arena arena, BpfProgram program, int target, String what) {
    MemorySegment attributes = Bpf.attributes(arena);
    attributes.set(INT, 0, program.descriptor());
    attributes.set(INT, 4, target);
    attributes.set(INT, 8, program.kind().attachType());
    return new BpfLink(Bpf.check(what, Bpf.LINK_CREATE, attributes));
  }

  /** Opens a pinned link. */
  public static Optional<BpfLink> openPinned(Path path) {
    OptionalInt descriptor = Bpf.openPinned(path);
    return descriptor.isPresent()
        ? Optional.of(new BpfLink(descriptor.getAsInt()))
        : Optional.empty();
  }

  public void pin(Path path) {
    Bpf.pin(descriptor, path);
  }

  /** Whether it runs just this program, and its interface or cgroup is still there. */
  public boolean runs(BpfProgram program) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = Bpf.info(arena, descriptor, INFO_SIZE);
      // the interface's index, or the cgroup's number: 0 once that is gone
      return info.get(INT, 8) == program.id() && info.get(INT, 16) != 0;
    }
  }

  /**
   * Puts another program in the place of the present one: no packet or call sees neither.
   *
   * @throws BpfException with ENOLINK if what it was attached to is gone
   */
  public void update(BpfProgram program) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attributes = Bpf.attributes(arena);
      attributes.set(INT, 0, descriptor);
      attributes.set(INT, 4, program.descriptor());
      Bpf.check("replace an attached program", Bpf.LINK_UPDATE, attributes);
    }
  }

  /** Detaches at once; dropping the last pin and descriptor would do so some time later. */
  public void detach() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attributes = Bpf.attributes(arena);
      attributes.set(INT, 0, descriptor);
      long result = Bpf.call(Bpf.LINK_DETACH, attributes);
      if (result < 0 && result != -ENOLINK) {
        throw new BpfException("detach a program", (int) -result, "");
      }
    }
  }

  @Override
  public void close() {
    Bpf.close(descriptor);
  }
}
