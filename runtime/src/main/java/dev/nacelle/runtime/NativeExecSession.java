package dev.nacelle.runtime;

import dev.nacelle.kernel.monitor.ExecClient;
import dev.nacelle.kernel.process.CompanionException;
import dev.nacelle.kernel.process.Descriptor;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/** A process that the monitor started; its streams are the process's own pipes or terminal. */
final class NativeExecSession implements ExecSession {
  private static final Duration FOR_EVER = Duration.ofDays(36_500);

  private final ExecClient client;

  NativeExecSession(ExecClient client) {
    this.client = client;
  }

  private static InputStream input(Optional<Descriptor> descriptor) {
    return descriptor.map(Descriptor::asInputStream).orElseGet(InputStream::nullInputStream);
  }

  @Override
  public OutputStream stdin() {
    return client
        .terminal()
        .map(NativeExecSession::terminalInput)
        .or(() -> client.stdin().map(Descriptor::asOutputStream))
        .orElseGet(OutputStream::nullOutputStream);
  }

  /** Closing it must not close the terminal, which is still read: it ends the input as a user. */
  private static OutputStream terminalInput(Descriptor terminal) {
    return new OutputStream() {
      private static final byte END_OF_TRANSMISSION = 4;

      @Override
      public void write(int b) throws java.io.IOException {
        terminal.write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws java.io.IOException {
        terminal.write(bytes, offset, length);
      }

      @Override
      public void close() throws java.io.IOException {
        terminal.write(new byte[] {END_OF_TRANSMISSION}, 0, 1);
      }
    };
  }

  @Override
  public InputStream stdout() {
    return input(client.terminal().or(client::stdout));
  }

  @Override
  public InputStream stderr() {
    return input(client.stderr());
  }

  @Override
  public void resize(TerminalSize size) {
    client.terminal().ifPresent(terminal -> terminal.resize(size.columns(), size.rows()));
  }

  @Override
  public int waitForExit() throws InterruptedException {
    return waitForExit(FOR_EVER).orElseThrow();
  }

  @Override
  public OptionalInt waitForExit(Duration timeout) throws InterruptedException {
    try {
      return client.waitForExit(timeout);
    } catch (CompanionException e) {
      throw new ContainerRuntimeException(
          ContainerRuntimeException.Reason.UNAVAILABLE, e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    client.close();
  }
}
