"""Words and expressions of six emotions; what has none of them is neutral. The form: see ``lexicon.py``.

SPDX-License-Identifier: CC0-1.0.
"""

from typing import Final

EMOTION: Final = """
[anger 1.6 vn]
rage fume outrage fury uproar backlash seethe
[anger 1.6 x]
angry angrily angrier angriest anger angers angered angering furious furiously fury livid irate infuriated
infuriating enraged enraging incensed seething fuming mad_at pissed pissed_off pissing_off outraged outrageous
outrageously wrathful wrath irked indignant indignation boiling blood_boils blood_boiling makes_blood_boil
sick_and_tired fed_up had_enough had_it_with cheesed_off up_in_arms hopping_mad steaming raging up_the_wall foaming
hit_the_roof see_red seeing_red sick_of tired_of done_with
[anger 1.3 vn]
infuriate enrage anger annoy irritate frustrate aggravate exasperate madden resent loathe hate despise detest
condemn denounce lash_out blast slam protest berate scold vent rant bicker accuse revolt boycott demand_answers
lambast rail_at rail_against clash swear curse snap_at shout yell scream_at jeer boo heckle decry deplore savage
pillory castigate
[anger 1.3 x]
annoyed annoying annoyingly irritated irritating frustrated frustrating frustration exasperated exasperating
resentful bitter bitterly hostile hostility mad hateful vengeful spiteful aggrieved grievance contempt contemptuous
scathing defiant how_dare the_audacity the_nerve the_gall the_cheek what_a_joke is_a_joke are_you_kidding
you_kidding_me kidding_me screw_this screw_you screw_them screw_that shame_on shut_up wtf_is_wrong bullshit bs ffs
damn goddamn dammit fuck fucking fuck_this fuck_you fuck_off sod_off bloody_hell shove_it aargh argh grr grrr
stop_sending stop_lying hell_with go_to_hell get_lost never_again you_owe_us you_owe_me lose_it gonna_lose_it
losing_it losing_my_mind give_me_access give_back give_it_back give_me_my want_my_money where_is_my_money answer_us
enough_is_enough for_the_love_of for_love_of what_the_hell why_the_hell why_on_earth liar liars crook crooks thief
thieves bastard bastards jerk jerks idiot idiots moron morons clown clowns imbecile imbeciles scumbag scumbags
asshole assholes vulture vultures traitor traitors parasite parasites robbed robbing betrayal betrayals betrayed
betraying double_standard double_standards unfair unfairly unjust injustice incompetent incompetence negligence
arrogant arrogance hypocrite hypocrites hypocrisy clueless ripped_off rip_off thanks_a_lot thanks_for_nothing
nobody_answers no_answer ignored_us ignoring_us held_hostage held_to_ransom stole_from_us stole_from stole_my
stole_our dumped_on dumped_on_us unacceptable inexcusable stupid_me highway_robbery daylight_robbery broken_promise
broken_promises broke_promise broke_your_promise lies lied lying mass_complaint clamour rip_us_off used_us
class_action_fury demand_resignation demand_refund demand_refunds calls_foul cry_foul 🤬 😡 😠 👿 💢 🖕 😤
[anger 0.9 x]
stupid loudmouth stubborn disrespect disrespectful insulting insult insults rude ridiculous absurd pathetic excuse
excuses stalling stonewall stonewalled stonewalling blame blames blamed slams slammed slamming unresolved
waiting_for_weeks ghosted ghosting censored banned_me banned_us locked_me_out still_missing without_notice spammed
spam

[disgust 1.6 x]
disgusting disgusted disgust disgusts disgustingly revolting revolted repulsive repulsed repugnant repugnance
nauseating nauseated nausea nauseous vile vilest sickening sickened sicken sickens gross grossed_out yuck yucky ew
eww ewww ugh icky nasty vomit vomits vomiting vomit_inducing puke puking barf retch stomach_turning stomach_churning
turns_my_stomach turn_my_stomach makes_me_sick make_me_sick feel_sick felt_sick feeling_sick feel_dirty
feeling_dirty felt_dirty left_feeling_dirty need_a_shower want_a_shower sordid sleazy sleaze sleazier sleaziest
seedy slimy slime depraved depravity despicable despicably loathsome abhorrent abominable odious obscene obscenity
foul foulest filthy filth squalid putrid rotten rancid stinking stench stinks reeks reek reeking cesspool cesspit
sewer swamp pond_scum scum scummy vermin creep creeps creepy_scammer ghoul ghouls ghoulish grotesque distasteful
tasteless lurid debauched perverse perverted heinous appalling appalled shameless shamelessly disgraceful disgrace
contemptible lowlife lowlifes bottom_feeder bottom_feeders bloodsucker bloodsuckers leech leeches predatory predator
predators morally_bankrupt corrupt corruption corrupt_to_core rotten_to_core wretched tawdry smutty smut maggot
maggots cockroach cockroaches rat_infested lick_boots lick_his_boots bootlicker bootlickers dirty dirtiest gag
gagging unsavory unsavoury slimeball sleazebag sleazeball skeevy cringe cringey cringeworthy toe_curling distaste
revulsion repellent 🤢 🤮 💩
[disgust 1.1 x]
racist racism sexist sexism trash trashy garbage junk toxic tainted crooked rigged parasitic exploitative
exploit_grief grifter grifters grift scammer scammers fraudster fraudsters con_artist con_artists con_man conmen
swindler swindlers fake_charity fake_office fake_celebrity deepfake deepfakes bribed bribing bribery kickback
kickbacks blackmailer blackmailers lavish lavish_parties bogus sham shamefully indecent immoral unethical amoral
degenerate degenerates shady sketchy preyed_on preying_on prey_on quietly_minted minted_quietly dumped_on_followers

[fear 1.6 x]
fear fears feared fearful fearfully fearing fearsome afraid scared scaredy scary scarier scariest scare scares
scaring terrified terrifying terrify terrifies terror panic panics panicked panicking panicky panic_selling
frightened frightening frighten frightens fright dread dreads dreading dreadful horrified horrifying horrify horror
horrors petrified alarmed alarming alarmingly alarm spooked spook spooks spooking unnerved unnerving unnerves
rattled rattling rattles nervous nervously nervousness nerves bag_of_nerves nerve_racking nerve_wracking anxious
anxiously anxiety anxieties worried worry worries worrying worryingly worrisome fret frets fretted fretting
trembling tremble trembles shaking_hands hands_shaking hands_are_shaking hands_are_trembling shiver shivers chilling
ominous ominously foreboding menacing menace menaces jittery jitters uneasy uneasily unease apprehension
apprehensive paranoid paranoia freaked_out freaking_out freak_out nightmare nightmares keeps_me_up keeps_me_awake
can't_sleep cannot_sleep sleepless losing_sleep lose_sleep up_at_night on_edge edge_of_my_seat white_knuckle
heart_racing heart_pounding heart_in_mouth sweating cold_sweat sweaty_palms palms_are_sweating creepy spine_chilling
hair_raising cowering doomsday doom doomed impending looming loom looms brace_for braces_for bracing_for braced_for
run_for_hills run_for_exits rush_for_exits rush_to_pull rush_to_withdraw rushing_to_withdraw scramble_to
scrambling_to please_hold god_help_us help_me 😱 😨 😰 😧 🫣 😬
[fear 1.1 x]
threat threats threaten threatens threatened threatening danger dangers dangerous dangerously endanger endangers
peril perils perilous hazard warns warn warned warning warnings cautions cautioned caution beware be_careful
careful_out_there stay_safe watch_out uncertain_future contagion bank_run run_on_bank liquidation_cascade
domino_effect spillover meltdown turmoil panic_buy flee flees fled fleeing brink on_brink verge_of vulnerable
at_risk imminent worse_to_come worst_to_come worst_is_yet_to_come more_to_come they_are_next could_be_next
next_in_line get_out get_out_now get_out_while shut_down_at_once withdraw_now revoke_approvals move_your_funds
drain_everything plunge_below crash_protection crash_of black_swan systemic deadly hostage kidnapped kidnapping
kidnap armed_robbery wrench_attack home_invasion extort extorted exploit_underway under_attack being_drained
gets_liquidated get_liquidated getting_liquidated margin_called margin_call margin_calls

[joy 1.5 x]
joy joyful joyfully joyous happy happily happier happiest happiness glad gladly delighted delight delights
delightful delightfully thrilled thrilling ecstatic ecstasy elated elation euphoria euphoric overjoyed jubilant
jubilation jubilantly merry merrily cheer cheers cheered cheering cheerful cheerfully gleeful glee rejoice rejoices
rejoiced rejoicing celebrate celebrates celebrated celebrating celebration celebrations celebratory party_time
pop_the_bottles pop_bottles champagne toast toasts toasted toasting applause applaud applauds applauded applauding
ovation smile smiles smiled smiling grin grins grinning laugh laughs laughed laughing laughter giggling dancing
dance dances danced sing sings singing love loves loved loving lovely adore adores adored blessed blessing bliss
blissful wonderful wonderfully fantastic amazing_day awesome glorious gloriously fabulous marvellous marvelous
magnificent beautiful beautifully brilliant brilliantly terrific splendid grateful gratefully gratitude thankful
thank_you thank_you_so_much thanks_so_much proud proudly pride excited exciting excitedly excitement stoked
pumped_up hyped psyched buzzing over_the_moon on_cloud_nine walking_on_air tears_of_joy happy_tears best_day
best_day_ever best_feeling best_week_ever best_month_ever best_year_ever feels_good feels_great feels_amazing
feels_like_a_holiday feels_like_christmas dream_come_true dreams_come_true living_the_dream can't_stop_winning
can't_stop_smiling can't_stop_grinning never_been_happier made_my_day made_my_week made_my_year yay yippee yeehaw
woohoo woo_hoo wohoo hooray hurray hurrah yesss yess lets_go let's_go let's_goooo lfg lfgg wagmi we_did_it i_did_it
gonna_make_it to_the_moon fun hug hugs hugging high_five fist_bump sweet_victory savor savors savour savours relish
relishes bask basks basking revel revels revelling reveling enjoy enjoys enjoyed enjoying enjoyable hail hails
hailed hailing delirious vindicated vindication priceless gem_of a_gem congrats congratulations well_done cheers_to
hats_off kudos bravo warm_welcome heartwarming heart_warming uplifting wholesome relieved relief sigh_of_relief
finally_free freedom pinch_me financial_freedom paid_off_my paid_off_mortgage quit_my_job handed_in_my_notice
homeowner lambo what_a_journey what_a_day what_a_ride what_a_time up_we_go moon_boys_win can't_complain birthday
anniversary puppy kittens wedding newborn baby_girl baby_boy entertained triumphant triumphantly triumph
milestone_party 🎉 🥳 🎊 😁 😀 😃 😄 😊 😍 🥰 🤩 😂 🤣 🍾 🥂 🙌 ❤ 💚 💙 🧡 💛 💜 💃 🕺 😎 :) :-) :D :-D =) <3 🤗 😻
[joy 0.9 x]
🚀 🌕 💎 🔥 winning victory wins_big life_changing generous kind_people wonderful_people welcome_relief
diamond_hands_club great_news good_news perfectly sweet hope hopes hopeful optimism optimistic upbeat buoyant cheery
sunny

[sadness 1.6 x]
sad sadly sadder saddest sadness saddened saddening sorrow sorrowful sorrowfully grief grieve grieves grieving mourn
mourns mourned mourning mournful heartbroken heartbreaking heartbreak heartbreaks broken_heart broke_my_heart
breaks_my_heart depressed depressing depression_hits despair despairs despairing despondent dejected dejection
downcast disheartened disheartening discouraged discouraging devastated devastating devastation crushed_dreams
crushed gutted distraught hopeless hopelessly hopelessness gloom gloomy gloomily bleak bleakly melancholy forlorn
miserable miserably misery wretchedly tearful tears in_tears tear_up cry cries cried crying weep weeps weeping wept
sob sobs sobbing lonely lonelier loneliness alone_now abandoned hollow empty_inside numb regret regrets regretted
regretting regretful regretfully remorse wish_i_had wish_i_hadn't if_only miss_him miss_her miss_it miss_them
i'll_miss will_be_missed i_miss goodbye farewell farewells rest_in_peace rip_old_friend condolences funeral obituary
eulogy passed_away dies died dead_at death_of lost_my_father lost_my_mother bereaved tragic tragically tragedy
tragedies painful painfully pain_of hurts it_hurts hurts_to ache aches aching anguish anguished weary wearily
exhausted_hope tired_of_hoping so_tired worn_out burned_out burnt_out beaten_down giving_up given_up gave_up
i_give_up i_quit lost_hope lose_hope losing_hope disappointed disappointing disappointment disappointments
disappoints let_down letdown shattered shattered_dreams dashed_hopes dashes_hopes story_of_my_life life_savings
lost_everything lost_it_all all_gone is_gone gone_forever nothing_left never_recover never_get_back
never_see_it_again down_and_out end_of_an_era end_of_the_road end_of_road last_post final_post closing_chapter
down_bad would_have_loved ghost_town deserted desolate nostalgic nostalgia sombre somber lament laments lamented
lamenting lost_cause lost_half lost_most ill_health terminally_ill 😢 😭 💔 😞 😔 ☹ 🙁 🥀 😥 😿 :( :-( :'( 🕯
[sadness 1.1 x]
bankruptcy bankruptcies bankrupt layoff layoffs laid_off lays_off laying_off lay_off job_cuts job_losses unpaid
jobless redundancies shutter shutters shuttered shuttering closes_its_doors closes_for_good shut_for_good
closing_down shutting_down_for_good closing_its_doors wither withers withered withering demise downfall
fall_from_grace fallen_from failed_dream evicted eviction homeless destitute poverty ruined ruin foreclosure
lost_savings lost_their_savings wiped_out wipes_out capitulated capitulating sold_the_bottom sold_bottom
blame_myself my_fault dry_up dries_up drying_up only_a_memory faded fading fades

[surprise 1.6 x]
surprise surprises surprised surprising surprisingly shock shocks shocked shocker shocking_move shockingly stun
stuns stunned stunning stunningly astonish astonishes astonished astonishing astonishingly astonishment amaze amazed
amazement amazing_find astounded astounding astounds flabbergasted dumbfounded stupefied startled startling startle
startles startlingly bewildered bewildering bewilders baffled baffling baffles baffle puzzled puzzling puzzle
puzzles perplexed perplexing perplexes confounds confounded confounding mind_blown mind_blowing mind_boggling
blew_my_mind blows_my_mind blown_away jaw_dropping jaw_dropped jaw_drops jaw_on_floor unexpected unexpectedly
unforeseen unanticipated unheard_of out_of_the_blue out_of_blue out_of_nowhere from_nowhere caught_off_guard
off_guard catches_off_guard nobody_expected no_one_expected few_expected nobody_saw no_one_saw
didn't_see_that_coming never_saw_coming did_not_see_that_coming didn't_expect did_not_expect never_expected
hadn't_expected not_what_i_expected against_all_odds against_odds defying_odds defies_odds plot_twist twist
bombshell abrupt abruptly sudden suddenly sudden_move whoa woah wow wowza omg oh_my_god holy holy_moly holy_cow
holy_smokes holy_shit no_way wtf what_just_happened did_that_just did_everyone_see did_anyone_see did_you_see
can't_believe cannot_believe could_not_believe couldn't_believe can_you_believe hard_to_believe beyond_belief
unbelievable unbelievably incredible incredibly who_knew who_would_have_thought who_would_have_guessed who_saw_that
had_no_idea didn't_know_you_could did_not_know just_realized just_realised just_found_out just_learned
just_discovered turns_out_that read_it_twice had_to_check_twice did_a_double_take had_to_read had_to_look_twice
double_take eyebrow_raising raises_eyebrows eyebrows raised_eyebrows freak_coincidence coincidence curious curiously
curious_find odd oddly oddity strange strangely stranger weird weirdly bizarre bizarrely mystery mysterious
mysteriously mystified mystifies uncanny eerie_coincidence unlikely_guest unlikely_hero unlikely_winner improbable
improbably april_fools_joke april_fools is_this_real am_i_dreaming am_i_reading_this_right can't_unsee wait_what
say_what excuse_me_what wait_there_are for_real speechless lost_for_words words_fail_me overnight_sensation
little_known dark_horse underdog shockwave shockwaves blindsided blindsides blindside wrong_foots wrong_footed
gobsmacked take_aback taken_aback defies_expectations defied_expectations confounds_sceptics stumps stumped 😲 😮 🤯 😳
😯 🙀 🫢 ⁉
[surprise 0.9 x]
mystified_analysts unusual unusually rare_find never_before first_time_ever unprecedented defies forgotten_wallet
found_an_old dormant_wallet awakens wakes_after after_a_decade without_warning

[anger 1.5 vn]
fulminate boil_over snap bristle seeth_at growl snarl huff
[anger 1.5 x]
robbery thievery theft_by lied_to lied_to_us lies_to_us lying_to_us put_them_in_jail lock_them_up throw_the_book
scammers_all fraudsters_all get_off_my_back piss_off pissing_me_off drives_me_mad drives_me_crazy driving_me_mad
driving_me_crazy makes_me_mad makes_me_angry so_mad mad_as_hell burns_me_up burning_with_rage red_with_rage
fit_of_rage blind_rage road_rage temper tempers tempers_flare tempers_fray up_to_here last_straw final_straw
sick_to_death cross_with cheated cheating cheats swindled conned duped fleeced shafted screwed screwed_over
screwed_us hung_up_on me_waiting keep_waiting kept_waiting a_disgrace you_people what_is_wrong_with
what's_wrong_with unprofessional insolent insolence impudence brazen brazenly gall shame_on_you shame_on_them
spit_on spitting trashed vilified vilify villain villains thug thugs tyrant tyrants bully bullies bullying
harassment harassed extortionate highway_robbers greedy greed profiteer profiteers profiteering price_gouging
money_back refund_now my_money_back want_answers demands_answers demand_an_explanation explain_yourself
heads_must_roll heads_should_roll resign_now fire_them_all joke_of_a pathetic_excuse lame_excuse no_excuse_for
nobody_cares couldn't_care_less ignores_me ignores_us ignored_me ignored_my hang_up_on waste_my_time wasted_my_time
wasting_my_time protest protests protesting protested revolts rebellion rebel rebels walk_out_in_anger storm
storms_out mutiny ire wroth rancour rancor acrimony acrimonious venom venomous vitriol vitriolic fuming_over
fume_over rage_over rages_at rages_over fury_over anger_over outcry pitchforks hell_no goddamnit dammit fml wtf
shitshow shit_show fuckers bastards_stole piece_of_shit shitheads dickheads prick pricks dick dicks douche douchebag
douchebags wankers wanker tosser tossers
[disgust 1.5 x]
throw_up threw_up throwing_up want_to_throw_up wants_to_throw_up makes_me_puke sick_to_my_stomach ill_to_my_stomach
turned_my_stomach bile vomitous unwashed unclean contaminated contaminating sewage excrement turd turds
piss_poor_morals shitstain pus slop scumbaggery trashiest scuzzy grubby grimy grime squalor stinky smelly
smells_foul smells_rotten stank putrefied fetid festering festers infested infestation rats rat_like weasel weasels
snake snakes snake_oil vultures_circling vampire vampires pigs swine toad toads pervert perverts perverted indecency
lewd lecherous vulgar vulgarity crass obscenely ghastly hideous hideously ugly_scam unspeakable unconscionable
unscrupulous scruples no_shame no_morals no_conscience soulless heartless_scam inhumane inhuman barbaric wicked
wickedness evil evils monstrous monstrosity beneath_contempt abomination atrocious atrocity deplorable detestable
execrable loathing revulsed disgustedly aversion repel_me repels offputting off_putting degrading dehumanizing
demeaning exploitative_ads prey_on preys_on romance_scam romance_scammer romance_scammers pig_butchering child_abuse
abuse_material trafficking prostitute prostitutes yachts_and orgy orgies cocaine mistress sugar_daddy
pensioners_savings grandmothers_savings vulnerable_people elderly_victims swindled_pensioners flood_victims
earthquake_victims cancer_patient cancer_patients dying_children sick_children
[fear 1.5 x]
afraid_of fear_that fears_that scaring_me scares_me scared_to_death scared_stiff scared_witless scared_out_of
frightened_of worries_that worried_sick worried_about worrying_about sick_with_worry anxious_about nervous_about
nervous_wreck on_tenterhooks hold_my_breath holding_my_breath holding_our_breath hold_breath bated_breath
breaks_out_in_sweat goosebumps shudder shudders shuddering shuddered quake quaking quiver quivering shaken shaking
shaky_hands jumpy skittish tense tensions_rise trepidation consternation disquiet distress_call hysteria hysterical
mass_hysteria stampede_for mayday sos red_alert alarm_bells warning_bells raises_alarm sounds_alarm sound_the_alarm
sounding_the_alarm emergency emergency_shutdown imperil imperilled in_danger in_grave_danger life_or_death mortal
existential existential_threat catastrophic catastrophe apocalypse apocalyptic armageddon end_is_near
writing_on_the_wall time_bomb ticking_time_bomb powder_keg house_of_cards storm_clouds dark_clouds perfect_storm
the_other_shoe sword_of_damocles what_if_they what_if_it what_if_i am_i_screwed are_we_screwed is_it_over
should_i_sell should_i_panic will_i_lose going_to_lose could_lose_everything may_lose might_lose lose_my_house
lose_my_home hide_your move_your_coins run_for_it get_your_coins_off get_your_money_out pull_your_funds at_the_mercy
stalked stalker stalking threatened_me threatening_me threats_against blackmailed ransom ransomware held_at_gunpoint
gunpoint break_in masked_men armed_men intruders dread_to_think terror_attack petrifying creeps_me_out
gives_me_chills chills_down bone_chilling hair_on_end
[fear 1.0 x]
unstable precarious precariously teeter teeters teetering fragile brittle contagion_risk contagion_fears
ripple_through knock_on rush_for_the_exits bolt_for flight_to_safety safe_haven_rush rush_to_safety run_on_the_bank
bank_run mass_withdrawals losing_control out_of_control spiral spirals spiralling spiraling death_spiral
vicious_circle vicious_cycle unlimited_tokens freezes_accounts froze_accounts drains drained draining hacked
exploited compromised breached stolen steals stole stealing thefts ransom_note leaked leaks leak_customer
[joy 1.5 x]
couldn't_be_happier could_not_be_happier couldn't_be_prouder happy_as_a happy_dance jump_for_joy jumping_for_joy
jumped_for_joy beaming beam_with grinning_ear_to_ear ear_to_ear all_smiles smiling_all_day in_tears_of_joy heaven
seventh_heaven paradise blissfully exhilarated exhilarating exultant exult exults exuberant exuberance giddy giddily
chuffed tickled_pink pleased pleasing pleasure_to content contented contentment delectable enchanted charming
charmed cherish cherished cherishing treasure_this adoring adoration affection beloved darling sweetest sweetheart
hearts_are_full heart_is_full warms_my_heart warmed_my_heart touched_by moved_to_tears_of fun_times funniest funny
hilarious hilarity lol lmao rofl haha hahaha hehe giggle giggles chuckle chuckles joke_of_the_day playful jolly
jollity festive festivity festivities feast feasts fiesta partying partied fireworks confetti balloons crown_moment
victorious conquering cheering_crowds crowd_cheers standing_ovation fans_celebrate holders_celebrate
traders_celebrate holders_rejoice community_celebrates celebrates_with what_a_win huge_win big_win massive_win
we_won i_won we_made_it finally_made_it mission_accomplished so_worth_it worth_every_penny worth_the_wait
best_decision best_decision_ever best_thing_ever best_gift greatest_day luckiest lucky_me lucky_day so_lucky
feel_blessed feeling_blessed feeling_great feeling_good feel_great feel_good feel_amazing feeling_amazing
amazing_community best_community great_people great_evening great_day great_night great_time good_times
lovely_people lovely_time what_a_night alive_today to_be_alive life_is_good life_is_great life_is_beautiful
yeah_baby boom_baby hell_yeah hell_yes fuck_yeah yes_yes yesss wooo woo wheee whee yahoo_x yippie ole
cheers_everyone cheers_all cheers_mate bless_you god_bless thank_god thanks_everyone thanks_all many_thanks
thanks_a_million thanks_a_bunch appreciate_you appreciate_it_all debt_free mortgage_free paid_off retired_early
retire_early retired_at bought_my_first_house first_house new_house new_car dream_house dream_home dream_job
took_my_family treated_my surprise_party engagement engaged got_married she_said_yes graduation graduated promotion
promoted my_daughter's_first
[sadness 1.5 x]
can't_stop_crying cried_myself crying_myself in_floods_of_tears burst_into_tears bursting_into_tears teary
tear_jerker lump_in_my_throat heavy_heart heavy_hearts with_heavy_heart broken_man broken_woman broken_hearted
heart_breaks heartsick heartache soul_crushing crushing_blow crestfallen glum glumly moping mope sulk sulking
down_in_dumps low_spirits feeling_low feeling_down feel_empty feel_alone feel_lost lost_without left_behind
left_alone all_alone nobody_left no_one_left orphaned widowed inheritance passed_on departed late_father late_mother
late_friend in_memory in_memoriam memorial remembrance remembering miss_you missing_you misses_him deeply_missed
sorely_missed gone_too_soon too_soon_gone wake_for vigil elegy requiem dirge swan_song last_goodbye final_goodbye
bid_farewell bids_farewell say_goodbye saying_goodbye says_goodbye end_of_line curtain_falls lights_out last_one_out
swansong bygone once_mighty once_proud once_great once_thriving glory_days better_days used_to_be wish_we_had
should_have_sold should've_sold could_have_sold what_could_have_been what_might_have_been too_late_for_me i_failed
failed_my_family let_my_family_down let_everyone_down ashamed shame_i_feel guilt guilty_about self_loathing
worthless_feeling pointless what's_the_point no_point_anymore nothing_matters lost_my_job lost_my_house lost_my_home
lost_my_savings lost_our_savings lost_all_my lost_years years_of_work wasted_years years_wasted life_ruined
ruined_my_life ruined_our broke_and broke_again dead_broke flat_broke back_to_zero start_from_zero starting_over
can't_go_on can't_take_it can't_do_this_anymore fed_the_dream dream_is_over dream_is_dead dreams_died
dreams_shattered hope_is_gone hopes_fade hopes_dashed hopes_fading no_hope no_hope_left out_of_hope it's_over
its_over worth_nothing bleakest darkest dark_days dark_times rock_bottom dreary desolation woe woes woeful woefully
pitiful pity_for pining yearning unhappy unhappily unhappiness dismay dismayed dismaying disillusioned
disillusionment demoralized demoralised demoralizing downhearted wistful wistfully tearjerking suicidal suicide
hanged_himself took_his_own_life empty_offices empty_chairs beloved_app closes_for_good close_for_good shut_for_good
rip
[surprise 1.5 x]
til mind_is_blown blew_me_away blows_me_away knocked_my_socks floored floors_analysts staggered staggering staggers
dazed dumbstruck thunderstruck awestruck wonderstruck agog wide_eyed eyes_popped eye_popping eye_opening jaw_drop
jaw_dropper gasps gasp gasped gasping stop_the_presses hold_the_phone hold_on_what say_what excuse_me_what huh
wait_really oh_really really_now is_this_for_real is_that_real is_this_a_joke is_that_true are_you_serious
you're_kidding you_are_kidding no_kidding get_out_of_here never_thought_i'd never_thought_i never_thought_we
never_imagined never_dreamed couldn't_imagine couldn't_have_imagined who_could_have who_would_have who_would_expect
who_expected nobody_predicted no_one_predicted nobody_imagined nobody_thought no_one_thought few_predicted few_saw
few_thought few_imagined little_did_we little_did_i wasn't_expecting was_not_expecting weren't_expecting
didn't_see_coming did_not_expect_that contrary_to_expectations against_expectations defying_expectations
confounding_expectations beyond_expectations_surprise surprise_move surprise_twist turn_of_events strange_turn
unexpected_turn unlikely_turn sudden_turn u_turn about_face volte_face eleventh_hour last_minute_twist shock_win
shock_exit shock_move shock_result shock_decision surprise_win upset_win stunner bolt_from_the_blue lightning_strike
overnight_millionaire stroke_of_luck fluke flukes fluky one_in_a_million miracle miraculous miraculously
inexplicable inexplicably unexplained unaccountably unfathomable incomprehensible inconceivable unimaginable
unthinkable implausible implausibly far_fetched beggars_belief defies_belief defies_logic defies_explanation
rub_my_eyes rubbed_my_eyes pinched_myself had_to_check checked_twice looked_twice fell_off_my_chair nearly_fell
spat_out_my spit_out_my dropped_my_coffee dropped_my_phone out_of_left_field left_field unannounced
without_any_warning with_no_warning unprompted out_of_thin_air wakes_up_after awoke_after moved_after
after_years_of_silence reappears resurfaces long_lost rediscovered unearthed turned_out_to_be turns_out_to_be
plot_thickens go_figure fancy_that imagine_my_surprise to_my_surprise to_everyone's_surprise much_to_my
lo_and_behold strangely_enough oddly_enough funnily_enough
"""
