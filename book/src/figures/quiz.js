// Loads the quizzes' script, which is larger than the page, when a quiz comes into view.
(function () {
  "use strict";
  const start = () => {
    const places = document.querySelectorAll(".quiz-placeholder");
    const watch = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        watch.disconnect();
        load();
      },
      { rootMargin: "300px" },
    );
    for (const place of places) watch.observe(place);
  };

  const load = () => {
    const script = document.createElement("script");
    script.src = "quiz/quiz-embed.iife.js";
    // It waits for an event of the window that has been already.
    script.onload = () => window.dispatchEvent(new Event("DOMContentLoaded"));
    document.head.append(script);
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
