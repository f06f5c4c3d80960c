//! Videos, pictures and sounds: PeerTube, Pixelfed, Funkwhale.

use std::time::{Duration, SystemTime};

use super::declare::terms;
use crate::{Label, Object, Ref};

terms! {
    /// Its id without an address.
    one uuid UUID: String = "uuid" in schema as "identifier";
    /// What it is about.
    one category CATEGORY: Label = "category" in schema;
    /// Under which licence it is.
    one licence LICENCE: Label = "licence" in schema as "license";
    /// How often it was seen.
    one views VIEWS: u64 = "views" in pt;
    /// How to support its author.
    one support SUPPORT: String = "support" in pt;
    /// Who may answer: 1 everybody, 2 nobody, 3 after a look.
    one comments_policy COMMENTS_POLICY: u64 = "commentsPolicy" in pt;
    /// Whether it may be kept.
    one download_enabled DOWNLOAD_ENABLED: bool = "downloadEnabled" in pt;
    /// Whether it waits for its files to be made.
    one wait_transcoding WAIT_TRANSCODING: bool = "waitTranscoding" in pt;
    /// Of a video, how far it is.
    one state STATE: u64 = "state" in pt;
    /// When it was first shown anywhere.
    one originally_published_at ORIGINALLY_PUBLISHED_AT: SystemTime = "originallyPublishedAt" in schema as "datePublished";
    /// When it was put there.
    one upload_date UPLOAD_DATE: SystemTime = "uploadDate" in schema;
    /// Whether it is seen as it happens.
    one is_live_broadcast IS_LIVE_BROADCAST: bool = "isLiveBroadcast" in schema;
    /// Whether it can be seen afterwards.
    one live_save_replay LIVE_SAVE_REPLAY: bool = "liveSaveReplay" in pt;
    /// Whether it happens again and again.
    one permanent_live PERMANENT_LIVE: bool = "permanentLive" in pt;
    /// How long after it happens it is seen.
    one latency_mode LATENCY_MODE: u64 = "latencyMode" in pt;
    /// Texts that run along, by language.
    many subtitle_language SUBTITLE_LANGUAGE: Object = "subtitleLanguage" in schema;
    /// Pictures a second.
    one fps FPS: f64 = "fps" in pt;
    /// Width by height.
    one aspect_ratio ASPECT_RATIO: f64 = "aspectRatio" in pt;
    /// Bytes.
    one size SIZE: u64 = "size" in pt;
    /// Those who did not like it: a collection.
    refer dislikes DISLIKES: Ref = "dislikes" in pt;
    /// What is said about it: a collection.
    refer comments COMMENTS: Ref = "comments" in pt;
    /// Its lists: a collection.
    refer playlists PLAYLISTS: Ref = "playlists" in pt;
    /// Its chapters.
    refer has_parts HAS_PARTS: Ref = "hasParts" in schema as "hasPart";
    /// The collection that a sound belongs to.
    refer library LIBRARY: Ref = "library" in fw;
    /// What is heard.
    refer track TRACK: Ref = "track" in fw;
    /// The album of a track.
    refer album ALBUM: Ref = "album" in fw;
    /// Who made a track or an album.
    refs artists ARTISTS: Ref = "artists" in fw;
    /// Its id in MusicBrainz.
    one musicbrainz_id MUSICBRAINZ_ID: String = "musicbrainzId" in fw;
    /// Which of an album it is.
    one position POSITION: u64 = "position" in fw;
    /// On which disc.
    one disc DISC: u64 = "disc" in fw;
    /// The day it came out.
    one released RELEASED: String = "released" in fw;
    /// Who holds the rights.
    one copyright COPYRIGHT: String = "copyright" in fw;
    /// Under which licence it is, by its address.
    one license LICENSE: String = "license" in fw;
    /// Bits a second.
    one bitrate BITRATE: u64 = "bitrate" in fw;
    /// The picture of an album.
    refer cover COVER: Ref = "cover" in fw;
    /// A name or number that something else gave it: of a label, what its server calls it.
    one identifier IDENTIFIER: String = "identifier" in schema;
    /// The media type, as it was called before [`Object::media_type`].
    one mime_type MIME_TYPE: String = "mimeType" in pt;
    /// Whether texts that run along were made by a program.
    one automatically_generated AUTOMATICALLY_GENERATED: bool = "automaticallyGenerated" in pt;
    /// Width of one picture of a storyboard, in pixels.
    one tile_width TILE_WIDTH: u64 = "tileWidth" in pt;
    /// Height of one picture of a storyboard, in pixels.
    one tile_height TILE_HEIGHT: u64 = "tileHeight" in pt;
    /// How long one picture of a storyboard stands.
    one tile_duration TILE_DURATION: Duration = "tileDuration" in pt;
    /// A torrent's digest.
    one infohash INFOHASH: String = "infohash" in pt;
    /// Who may boost it, by Pixelfed.
    refs announce ANNOUNCE: Ref = "announce" in pixelfed as "canAnnounce";
    /// Who may like it, by Pixelfed.
    refs like_by LIKE_BY: Ref = "like" in pixelfed as "canLike";
    /// Who may answer it, by Pixelfed.
    refs reply REPLY: Ref = "reply" in pixelfed as "canReply";
}
