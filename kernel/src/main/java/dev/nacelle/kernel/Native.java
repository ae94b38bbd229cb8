package dev.nacelle.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The one door to the kernel: {@code syscall(2)} with six longs, one shape for every call, because
 * each distinct shape costs some 7 ms to link. A blocking call pins its carrier: callers run those
 * on platform threads.
 */
public final class Native {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout CAPTURE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      CAPTURE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final MethodHandle SYSCALL =
      LINKER.downcallHandle(
          LINKER.defaultLookup().find("syscall").orElseThrow(),
          FunctionDescriptor.of(
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG),
          Linker.Option.captureCallState("errno"));

  private Native() {}

  /**
   * Makes one system call with up to six arguments.
   *
   * @return the kernel's result, or the negated errno
   */
  public static long call(long number, long... arguments) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CAPTURE);
      long result =
          (long)
              SYSCALL.invokeExact(
                  state,
                  number,
                  argument(arguments, 0),
                  argument(arguments, 1),
                  argument(arguments, 2),
                  argument(arguments, 3),
                  argument(arguments, 4),
                  argument(arguments, 5));
      return result == -1 ? -(long) (int) ERRNO.get(state, 0L) : result;
    } catch (Throwable t) {
      throw new AssertionError("syscall " + number, t);
    }
  }

  /**
   * As {@link #call}, but an error is thrown.
   *
   * @param what completes the sentence "cannot ...", for example {@code "mount /x on /y"}
   * @throws ErrnoException if the kernel refuses
   */
  public static long check(String what, long number, long... arguments) {
    long result = call(number, arguments);
    if (result < 0) {
      throw new ErrnoException(what, (int) -result);
    }
    return result;
  }

  private static long argument(long[] arguments, int index) {
    return index < arguments.length ? arguments[index] : 0;
  }
}
