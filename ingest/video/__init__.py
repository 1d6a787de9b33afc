"""Live video: cameras' RTSP fetched once each, on demand, and handed out by WHEP and HLS."""
