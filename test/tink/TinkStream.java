import com.google.crypto.tink.StreamingAead;
import com.google.crypto.tink.subtle.AesGcmHkdfStreaming;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;

/** Encrypts and decrypts files with Google's Tink: KEY_HEX ASSOCIATED_DATA, then "encrypt|decrypt FROM TO" for each file on standard input. */
public class TinkStream {
  public static void main(String[] args) throws Exception {
    byte[] associatedData = args[1].getBytes("UTF-8");
    StreamingAead tink = new AesGcmHkdfStreaming(HexFormat.of().parseHex(args[0]), "HmacSha256", 32, 1024 * 1024, 0);
    for (String line : new String(System.in.readAllBytes(), "UTF-8").split("\n")) {
      String[] words = line.split(" ");
      Path from = Path.of(words[1]);
      Path to = Path.of(words[2]);
      if (words[0].equals("encrypt")) {
        try (OutputStream out = tink.newEncryptingStream(Files.newOutputStream(to), associatedData)) {
          Files.copy(from, out);
        }
      } else {
        try (InputStream in = tink.newDecryptingStream(Files.newInputStream(from), associatedData)) {
          Files.copy(in, to);
        }
      }
    }
  }
}
