package dev.nacelle.runtime;

import dev.nacelle.kernel.monitor.AttachClient;
import dev.nacelle.kernel.process.CompanionException;
import dev.nacelle.kernel.process.Poller;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Set;

/** The streams of a container's own process, through its monitor. */
final class AttachedStreams implements ProcessStreams {
  private final ByteQueue stdout = new ByteQueue();
  private final ByteQueue stderr = new ByteQueue();
  private final AttachClient client;
  private final OutputStream stdin;

  AttachedStreams(Poller poller, Path directory, Set<Stdio> stdio) throws InterruptedException {
    client = AttachClient.start(poller, directory, new Output(stdout, stderr));
    stdin =
        stdio.contains(Stdio.STDIN) || stdio.contains(Stdio.TTY)
            ? new Input(client)
            : OutputStream.nullOutputStream();
  }

  @Override
  public OutputStream stdin() {
    return stdin;
  }

  @Override
  public InputStream stdout() {
    return stdout;
  }

  @Override
  public InputStream stderr() {
    return stderr;
  }

  @Override
  public void resize(TerminalSize size) {
    try {
      client.resize(size.columns(), size.rows());
    } catch (CompanionException e) {
      // without a terminal, or after the end, there is nothing to resize
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    stdout.close();
    stderr.close();
    client.close();
  }

  private record Output(ByteQueue stdout, ByteQueue stderr) implements AttachClient.Listener {
    @Override
    public void output(int stream, byte[] bytes) {
      (stream == 2 ? stderr : stdout).put(bytes);
    }

    @Override
    public void ended() {
      stdout.end();
      stderr.end();
    }
  }

  private static final class Input extends OutputStream {
    private final AttachClient client;

    Input(AttachClient client) {
      this.client = client;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      try {
        client.write(bytes, offset, length);
      } catch (CompanionException e) {
        throw new IOException(e.getMessage(), e);
      }
    }

    @Override
    public void close() {
      try {
        client.closeInput();
      } catch (CompanionException e) {
        // the connection has ended, and the input with it
        return;
      }
    }
  }
}
