package dev.nacelle.kernel.netlink;

import dev.nacelle.kernel.Native;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** A network namespace held open by a descriptor; see network_namespaces(7). */
public final class NetworkNamespace implements AutoCloseable {
  private static final int CLONE_NEWNET = 0x40000000;
  private static final int AT_FDCWD = -100;
  private static final int O_RDONLY_CLOEXEC = 0x80000;

  private final int descriptor;
  private final Path path;

  private NetworkNamespace(int descriptor, Path path) {
    this.descriptor = descriptor;
    this.path = path;
  }

  /** Opens the namespace that a file stands for, such as {@code /proc/PID/ns/net}. */
  public static NetworkNamespace open(Path path) {
    try (Arena arena = Arena.ofConfined()) {
      int descriptor =
          (int)
              Native.check(
                  "open network namespace " + path,
                  Syscalls.OPENAT,
                  AT_FDCWD,
                  arena.allocateFrom(path.toString()).address(),
                  O_RDONLY_CLOEXEC);
      return new NetworkNamespace(descriptor, path);
    }
  }

  /** Makes a new namespace, empty but for a loopback interface that is down. */
  public static NetworkNamespace create() {
    return oneShot(
        () -> {
          Native.check("make a network namespace", Syscalls.UNSHARE, CLONE_NEWNET);
          return open(Path.of("/proc/thread-self/ns/net"));
        });
  }

  /** A file that stands for the namespace within this process, for as long as this is open. */
  public Path path() {
    return Path.of("/proc/self/fd/" + descriptor);
  }

  /** The descriptor, for as long as this is open. */
  public int descriptor() {
    return descriptor;
  }

  /**
   * Moves the calling thread into the namespace, for good: to be called inside {@link #oneShot}
   * only, never on a thread that anyone else will use.
   */
  public void enter() {
    Native.check("enter network namespace " + path, Syscalls.SETNS, descriptor, CLONE_NEWNET);
  }

  /** Runs a task inside, on a platform thread of its own, and waits for it. */
  public <T> T call(Callable<T> task) {
    return oneShot(
        () -> {
          enter();
          return task.call();
        });
  }

  /**
   * Runs a task on a platform thread that ends with it, and waits. An interrupt is kept for the
   * caller and does not cut the task short: tasks here take milliseconds.
   *
   * @throws RuntimeException as the task threw it; checked exceptions are wrapped
   */
  public static <T> T oneShot(Callable<T> task) {
    FutureTask<T> future = new FutureTask<>(task);
    Thread thread = Thread.ofPlatform().name("netns").daemon().stackSize(256 << 10).start(future);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          T result = future.get();
          thread.join();
          return result;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      switch (Objects.requireNonNullElse(e.getCause(), e)) {
        case RuntimeException unchecked -> throw unchecked;
        case Error error -> throw error;
        case Throwable checked -> throw new IllegalStateException(checked.getMessage(), checked);
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {
    Native.call(Syscalls.CLOSE, descriptor);
  }
}
