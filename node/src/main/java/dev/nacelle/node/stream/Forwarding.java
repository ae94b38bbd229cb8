package dev.nacelle.node.stream;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries bytes between a client's stream and a pod's connection until both sides have ended. The
 * end of one side is passed on to the other, which then has a while to end too: a client that has
 * gone cannot be told from one that only has no more to say. For one thread, used once.
 */
final class Forwarding {
  private static final Logger LOG = LoggerFactory.getLogger(Forwarding.class);
  private static final int CHUNK = 32 << 10;
  private static final Duration AFTER_CLIENT = Duration.ofSeconds(30);
  private static final Duration AFTER_POD = Duration.ofSeconds(1);

  private final InputStream fromClient;
  private final OutputStream toClient;
  private final SocketChannel pod;
  private final CountDownLatch podEnded = new CountDownLatch(1);

  Forwarding(InputStream fromClient, OutputStream toClient, SocketChannel pod) {
    this.fromClient = fromClient;
    this.toClient = toClient;
    this.pod = pod;
  }

  /**
   * Returns when all is carried, or the client has left; both sides are closed then.
   *
   * @throws IOException if the pod's side broke the connection
   */
  void run() throws IOException, InterruptedException {
    Thread up = Thread.ofVirtual().name("forward to pod").start(this::carryToPod);
    try (pod;
        fromClient) {
      carryToClient();
      up.join(AFTER_POD);
    } finally {
      podEnded.countDown();
      up.join();
    }
  }

  private void carryToClient() throws IOException {
    var chunk = ByteBuffer.allocate(CHUNK);
    while (readFromPod(chunk)) {
      try {
        toClient.write(chunk.array(), 0, chunk.position());
        toClient.flush();
      } catch (IOException e) {
        LOG.debug("the client takes no more: {}", e.getMessage());
        return;
      }
    }
    toClient.close();
    podEnded.countDown();
  }

  private boolean readFromPod(ByteBuffer chunk) throws IOException {
    try {
      return pod.read(chunk.clear()) >= 0;
    } catch (IOException e) {
      if (!pod.isOpen()) {
        // closed on this side
        return false;
      }
      throw e;
    }
  }

  private void carryToPod() {
    try {
      byte[] chunk = new byte[CHUNK];
      for (int count = fromClient.read(chunk); count >= 0; count = fromClient.read(chunk)) {
        writeToPod(chunk, count);
      }
      pod.shutdownOutput();
      if (!podEnded.await(AFTER_CLIENT.toNanos(), TimeUnit.NANOSECONDS)) {
        pod.close();
      }
    } catch (PodBrokeException e) {
      LOG.debug("the pod takes no more: {}", e.getMessage());
      dropInput();
    } catch (IOException e) {
      LOG.debug("the client has left: {}", e.getMessage());
      closePod();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The pod's side, not the client's, is what failed. */
  private static final class PodBrokeException extends IOException {
    private static final long serialVersionUID = 1L;

    PodBrokeException(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }

  private void writeToPod(byte[] chunk, int count) throws PodBrokeException {
    try {
      var bytes = ByteBuffer.wrap(chunk, 0, count);
      while (bytes.hasRemaining()) {
        pod.write(bytes);
      }
    } catch (IOException e) {
      throw new PodBrokeException(e);
    }
  }

  private void dropInput() {
    try {
      fromClient.close();
    } catch (IOException e) {
      LOG.debug("cannot drop the client's input: {}", e.getMessage());
    }
  }

  private void closePod() {
    try {
      pod.close();
    } catch (IOException e) {
      LOG.debug("cannot close the pod's connection: {}", e.getMessage());
    }
  }
}
