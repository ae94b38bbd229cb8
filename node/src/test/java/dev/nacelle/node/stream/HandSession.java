package dev.nacelle.node.stream;

import dev.nacelle.runtime.ExecSession;
import dev.nacelle.runtime.TerminalSize;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** A process that has said all it will, and ends at once or with its input. */
final class HandSession implements ExecSession {
  private final InputStream out;
  private final InputStream err;
  private final int code;
  private final CountDownLatch end;
  private final ByteArrayOutputStream input = new ByteArrayOutputStream();
  private final OutputStream stdin;
  private final List<TerminalSize> sizes = new CopyOnWriteArrayList<>();
  private volatile boolean killed;

  HandSession(String out, String err, int code, boolean untilItsInputEnds) {
    this(stream(out), stream(err), code, untilItsInputEnds);
  }

  HandSession(InputStream out, InputStream err, int code, boolean untilItsInputEnds) {
    this.out = out;
    this.err = err;
    this.code = code;
    this.end = new CountDownLatch(untilItsInputEnds ? 1 : 0);
    this.stdin = ending(input);
  }

  /** A process that hands what it reads to another stream, and ends with it. */
  HandSession(InputStream out, OutputStream stdin) {
    this.out = out;
    this.err = InputStream.nullInputStream();
    this.code = 0;
    this.end = new CountDownLatch(1);
    this.stdin = ending(stdin);
  }

  private static InputStream stream(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  private OutputStream ending(OutputStream to) {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        to.write(b);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        to.write(bytes, offset, length);
      }

      @Override
      public void close() throws IOException {
        to.close();
        end.countDown();
      }
    };
  }

  String input() {
    return input.toString(StandardCharsets.UTF_8);
  }

  List<TerminalSize> sizes() {
    return sizes;
  }

  boolean isKilled() {
    return killed;
  }

  @Override
  public OutputStream stdin() {
    return stdin;
  }

  @Override
  public InputStream stdout() {
    return out;
  }

  @Override
  public InputStream stderr() {
    return err;
  }

  @Override
  public void resize(TerminalSize size) {
    sizes.add(size);
  }

  @Override
  public int waitForExit() throws InterruptedException {
    end.await();
    return code;
  }

  @Override
  public OptionalInt waitForExit(Duration timeout) {
    return OptionalInt.of(code);
  }

  @Override
  public void close() {
    killed = true;
    end.countDown();
  }
}
